// SPDX-License-Identifier: MIT
// A server some of whose allocations fail: builds with tests do as a file says (src/base/mem_fail.c).
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BINARY } from './tidings';

const VARIABLE = 'FAIL_ALLOCATIONS';
export const CAN_FAIL = existsSync(BINARY) && readFileSync(BINARY, 'latin1').includes(VARIABLE);

const FIELDS = { tried: 0, from: 8, until: 16, isCounting: 24 };
const NEVER = 0xffff_ffff_ffff_ffffn;

export class Failing {
  private readonly folder = mkdtempSync(join(tmpdir(), 'tidings-failing-'));
  private readonly path = join(this.folder, 'allocations');
  private readonly file = openSync(this.path, 'w+');

  constructor() {
    for (const at of Object.values(FIELDS)) this.write(at, 0n);
  }
  /** What the server's environment must have. */
  get env(): Record<string, string> {
    return { [VARIABLE]: this.path };
  }
  /** From now on the n-th allocation fails, from 1. */
  nth(n: number): void {
    this.begin(BigInt(n), BigInt(n + 1));
  }
  /** That one and all behind it. */
  from(n: number): void {
    this.begin(BigInt(n), NEVER);
  }
  /** None any more. Gives how many were tried. */
  stop(): number {
    this.write(FIELDS.isCounting, 0n);
    const bytes = Buffer.alloc(8);
    readSync(this.file, bytes, 0, 8, FIELDS.tried);
    return Number(bytes.readBigUInt64LE());
  }
  end(): void {
    closeSync(this.file);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private begin(from: bigint, until: bigint): void {
    this.stop();
    this.write(FIELDS.tried, 0n);
    this.write(FIELDS.from, from);
    this.write(FIELDS.until, until);
    this.write(FIELDS.isCounting, 1n);
  }
  private write(at: number, value: bigint): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    writeSync(this.file, bytes, 0, 8, at);
  }
}
