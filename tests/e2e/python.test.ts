// SPDX-License-Identifier: MIT
// Python's `websockets` as a client.
import { describe, expect } from 'vitest';
import { python } from './support/python';
import { sharedTidings, test } from './support/tidings';

const shared = sharedTidings({ endpoint: { connections: 0 } });

/** A script whose `main(url, token)` runs to its end; what it prints comes back as lines. */
const visit = async (body: string, token: string): Promise<string[]> => {
  const script = `
import asyncio, json, sys
import websockets

async def main(url, token):
${body
  .trim()
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}

asyncio.run(asyncio.wait_for(main(sys.argv[1], sys.argv[2]), 15))
`;
  return (await python(script, [shared().wsUrl, token])).split('\n').filter((line) => line !== '');
};

describe('python websockets', () => {
  test('connects with a token, hears what is published, compressed and not, and closes', async () => {
    const visiting = visit(
      `
async with websockets.connect(f"{url}?token={token}") as ws:
    print([type(e).__name__ for e in ws.extensions])
    small = json.loads(await ws.recv())
    large = json.loads(await ws.recv())
    print(small["text"], len(large["text"]))
    await ws.send('{"type": "ping"}')
    print(json.loads(await ws.recv())["type"])
    pong = await ws.ping()
    await pong
    print("pong")
print(ws.close_code)
`,
      shared().token('py'),
    );
    await shared().publishWhenHeard({ user: 'py' }, { text: 'grüße' });
    await shared().publish({ user: 'py' }, { text: 'x'.repeat(50_000) });
    expect(await visiting).toEqual(["['PerMessageDeflate']", 'grüße 50000', 'pong', 'pong', '1000']);
  });

  test('takes the token as a header and as a subprotocol', async () => {
    const lines = await visit(
      `
async with websockets.connect(url, extra_headers={"Authorization": f"Bearer {token}"}) as ws:
    print(ws.subprotocol)
async with websockets.connect(url, subprotocols=[f"bearer.{token}", "chat"]) as ws:
    print(ws.subprotocol)
`,
      shared().token('py2'),
    );
    expect(lines).toEqual(['None', 'chat']);
  });

  test('learns why it was refused', async () => {
    const lines = await visit(
      `
async with websockets.connect(f"{url}?token={token}x") as ws:
    print(await ws.recv())
    try:
        await ws.recv()
    except websockets.ConnectionClosed as closed:
        print(closed.rcvd.code, closed.rcvd.reason)
`,
      shared().token('py3'),
    );
    expect(JSON.parse(lines[0]!).error).toBe('Authentication failed');
    expect(lines[1]).toBe('1008 Authentication failed');
  });
});
