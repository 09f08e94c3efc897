// SPDX-License-Identifier: MIT
// tidings-client: everything that needs no framework.
export { TidingsClient } from './core/client.js';
export { TidingsError, type TidingsErrorCode, type TidingsErrorDetails } from './core/errors.js';
export { kindOf, payloadOf } from './core/kind.js';
export type * from './core/types.js';
export type * from './kinds.js';
