// SPDX-License-Identifier: MIT
// The server that is tested, and what kind of build it is.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const BINARY = resolve(process.env.TIDINGS_BINARY ?? join(__dirname, '../../../build/tidings'));

const image = existsSync(BINARY) ? readFileSync(BINARY, 'latin1') : '';
export const isSanitized = /__(asan|tsan)_init/.test(image);
/** ThreadSanitizer does not go with librdkafka. */
export const HAS_KAFKA = !image.includes('__tsan_init');

/** What stretches upper limits: on time, since others use the machine too, and a build with sanitizers is slower
 * still; on memory, of which sanitizers keep more. */
export const SLOWNESS = isSanitized ? 6 : 2;
export const BLOAT = isSanitized ? 10 : 1;
