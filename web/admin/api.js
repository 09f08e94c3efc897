// SPDX-License-Identifier: MIT
// The calls that the page makes. The key goes into a header and never into an address.

/**
 * @typedef {object} NodeFigures
 * @property {boolean} self the node that answered
 * @property {string} [node] its name, where there are several
 * @property {string} version
 * @property {number} uptime_seconds
 * @property {number} workers
 * @property {number} connections
 * @property {number} users
 */
/**
 * @typedef {object} Redis
 * @property {string} status "disabled", "up" or "down"
 * @property {string} [since]
 * @property {string} [problem]
 * @property {number | null} [ping_ms]
 * @property {number} [reconnects]
 * @property {number} [channels]
 */
/**
 * @typedef {object} Busy
 * @property {string} [user]
 * @property {string} [channel]
 * @property {number} messages
 * @property {number} error
 */
/** @typedef {Record<string, number>} Counts */
/**
 * @typedef {object} Overview
 * @property {string} version
 * @property {number} uptime_seconds
 * @property {number} workers
 * @property {{ total: number, max: number, users: number, channels: number, endpoints: Counts }} connections
 * @property {{ seconds: number, published: number, queued: number, sent: number, received: number, opened: number, refused: number }} rates
 * @property {{ seconds: number, count: number, p50_ms: number | null, p90_ms: number | null, p99_ms: number | null }} latency
 * @property {Counts} closes
 * @property {Counts} refusals
 * @property {Counts} dropped
 * @property {{ seconds: number, is_whole: boolean, users: Busy[], channels: Busy[] }} busiest
 * @property {Redis} [redis]
 * @property {NodeFigures[]} [nodes]
 * @property {number} [nodes_silent] nodes that did not answer
 */
/** @typedef {{ id: string, endpoint: string, connected_at: string, remote_address: string }} Connection */
/** @typedef {{ id?: string, code: number, reason: string, block_seconds: number }} Ending */
/** @typedef {{ published: { channel: string, deliveries: number }[] }} Published */

/** A call that did not succeed; the message is for people. */
export class CallError extends Error {
  /**
   * @param {number} status that of the answer; 0 when there was none
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  /** The key, or the lack of one, is why. */
  get isAboutKey() {
    return this.status === 401 || this.status === 403;
  }
}

/** @param {Response} answer */
async function problemOf(answer) {
  const said = await answer.json().catch(() => undefined);
  return new CallError(answer.status, said?.error?.message ?? `The server answered ${answer.status}`);
}

/** @param {string} user */
const connectionsOf = (user) => `/api/v1/users/${encodeURIComponent(user)}/connections`;

export class Api {
  /** "": none, as in demo mode. */
  key = '';

  /**
   * @param {string} method
   * @param {string} path
   * @param {string} [body] JSON
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>}
   */
  async #call(method, path, body, signal) {
    const headers = new Headers();
    try {
      if (this.key) headers.set('X-API-Key', this.key);
    } catch {
      throw new CallError(401, 'That is no API key: it has characters that a header cannot carry');
    }
    if (body !== undefined) headers.set('Content-Type', 'application/json');
    try {
      const answer = await fetch(path, {
        method,
        headers,
        body: body ?? null,
        signal: signal ?? null,
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
      });
      if (!answer.ok) throw await problemOf(answer);
      return await answer.json();
    } catch (error) {
      throw error instanceof CallError ? error : new CallError(0, 'The server does not answer');
    }
  }

  /**
   * @param {AbortSignal} [signal]
   * @returns {Promise<Overview>}
   */
  overview(signal) {
    return this.#call('GET', '/api/v1/admin/overview', undefined, signal);
  }

  /**
   * @param {string} user
   * @returns {Promise<Connection[]>}
   */
  async connections(user) {
    return (await this.#call('GET', connectionsOf(user))).connections;
  }

  /**
   * Gives how many connections there were to end.
   * @param {string} user
   * @param {Ending} ending
   * @returns {Promise<number>}
   */
  async end(user, ending) {
    return (await this.#call('DELETE', connectionsOf(user), JSON.stringify(ending))).disconnected;
  }

  /**
   * @param {string} user
   * @param {string} data JSON, which is relayed as it stands
   * @returns {Promise<Published>}
   */
  publish(user, data) {
    return this.#call('POST', '/api/v1/publish', `{"user":${JSON.stringify(user)},"data":${data}}`);
  }
}
