// SPDX-License-Identifier: MIT
// A WebSocket that also shows what passes: each text that comes, each close, and how long a pong took.

const isPong = (text) => text === 'pong' || text === '{"type":"pong"}' || (text.length < 100 && /"type": ?"pong"/.test(text));

/** A class for the option `WebSocket` of a client. */
export function tapped({ heard, closed, answered }) {
  return class extends WebSocket {
    pingedAt;

    constructor(url, protocols) {
      super(url, protocols);
      this.addEventListener('message', ({ data }) => {
        const pong = isPong(data);
        if (pong && this.pingedAt !== undefined) {
          answered(performance.now() - this.pingedAt);
          this.pingedAt = undefined;
        }
        heard(data, pong);
      });
      this.addEventListener('close', (event) => closed(event));
    }

    send(data) {
      this.pingedAt ??= performance.now();
      super.send(data);
    }
  };
}
