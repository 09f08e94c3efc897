// SPDX-License-Identifier: MIT
// What tests of the operator's calls configure: a key for each scope, and endpoints without limits.
import { API_KEY } from './tidings';

export const KEYS = [
  { name: 'all', key: API_KEY, scopes: ['publish', 'admin', 'read'] },
  { name: 'operator', key: 'admin-key', scopes: ['admin'] },
  { name: 'reader', key: 'read-key', scopes: ['read'] },
  { name: 'backend', key: 'publish-key', scopes: ['publish'] },
];

export const ENDPOINTS = [
  { name: 'huleedu', attempts_per_minute: 0, connections: 0 },
  { name: 'submissions', attempts_per_minute: 0 },
];
