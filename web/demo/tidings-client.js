// SPDX-License-Identifier: MIT
// tidings-client, from client/src. Written by `npm run page` in client/.

// src/core/errors.ts
var TidingsError = class extends Error {
  name = "TidingsError";
  code;
  /** The close code, the server's own or what it said beforehand; undefined where there was no connection. */
  closeCode;
  /** How long the server wants us to wait. */
  retryAfterSeconds;
  /** What the server advises; undefined where it did not say. */
  retryRecommended;
  constructor(code, message, details = {}) {
    super(message, details.cause === void 0 ? void 0 : { cause: details.cause });
    this.code = code;
    this.closeCode = details.closeCode;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.retryRecommended = details.retryRecommended;
  }
};

// src/core/kind.ts
var isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
function kindOf(message) {
  if (!isObject(message)) return void 0;
  for (const member of ["notification_type", "event_type", "event", "type"]) {
    const kind = message[member];
    if (typeof kind === "string") return kind;
  }
  return void 0;
}
var payloadOf = (message) => isObject(message) ? message["payload"] ?? message["data"] ?? message : message;
var optional = (value, type) => typeof value === type ? value : void 0;
function errorOf(body, code, closeCode) {
  const { error, message } = body;
  const text = message ?? (isObject(error) ? error["message"] : error);
  return new TidingsError(code, optional(text, "string") ?? code, {
    closeCode,
    retryAfterSeconds: optional(body["retry_after_seconds"], "number"),
    retryRecommended: optional(body["retry_recommended"], "boolean")
  });
}
var isRefusal = (message) => isObject(message) && typeof message["error"] === "string" && typeof message["code"] === "number" && kindOf(message) === void 0;

// src/core/close.ts
var HEARTBEAT_LOST = 4999;
var FINAL_CODES = [1e3, 1008, 4003, 4004];
var FINAL_ERRORS = ["token_rejected", "forbidden", "not_found"];
var CODES = {
  1006: "connection_lost",
  1008: "forbidden",
  1011: "server_error",
  1012: "unavailable",
  1013: "unavailable",
  4e3: "rate_limited",
  4001: "token_expired",
  4003: "forbidden",
  4004: "not_found",
  4029: "rate_limited",
  [HEARTBEAT_LOST]: "heartbeat_timeout"
};
var STATUSES = {
  400: "token_rejected",
  401: "token_rejected",
  403: "forbidden",
  404: "not_found",
  429: "rate_limited",
  500: "server_error",
  503: "unavailable"
};
var meaning = (code, words) => (code === 1008 || code === 4003) && /auth|token/i.test(words) ? "token_rejected" : CODES[code] ?? "closed";
function closeError(code, reason, wasOpen) {
  if (code === 1e3) return void 0;
  const kind = code === 1006 && !wasOpen ? "connection_failed" : meaning(code, reason);
  return new TidingsError(kind, reason || kind.replaceAll("_", " "), { closeCode: code });
}
var refusalError = (refusal) => errorOf(refusal, meaning(refusal.code, refusal.error), refusal.code);
function statusError(status, body) {
  const code = body["error"] === void 0 ? void 0 : STATUSES[status];
  return code && errorOf(body, code);
}
var isFinal = (code, error, canRenew) => FINAL_CODES.includes(code) || code === 4001 && !canRenew || error !== void 0 && (FINAL_ERRORS.includes(error.code) || error.retryRecommended === false);

// src/core/emitter.ts
var OWN = ["connected", "disconnected", "reconnecting", "state", "message", "maxReconnectAttemptsReached"];
function wantsTrace() {
  try {
    return /(^|[\s,])(\*|socket:)/.test(globalThis.document ? localStorage.getItem("debug") ?? "" : "");
  } catch {
    return false;
  }
}
var Emitter = class {
  isTraced = false;
  handlers = /* @__PURE__ */ new Map();
  on(event, handler) {
    return this.add(event, handler, false);
  }
  once(event, handler) {
    return this.add(event, handler, true);
  }
  off(event, handler) {
    const all = this.handlers.get(event);
    if (handler) all?.delete(handler);
    else all?.clear();
    if (!all?.size) this.handlers.delete(event);
  }
  has(event) {
    return this.handlers.has(event);
  }
  emit(event, data) {
    if (this.isTraced) console.debug("tidings:", event, data);
    const all = this.handlers.get(event);
    if (!all) return;
    for (const [handler, entry] of [...all]) {
      if (all.get(handler) !== entry) continue;
      if (entry.isOnce) this.off(event, handler);
      try {
        handler(data);
      } catch (error) {
        console.error(`tidings: a handler of ${event} failed`, error);
      }
    }
  }
  /** Hands out a message, as such and of its kind, the latter only if `isWanted` still holds. */
  emitMessage(message, isWanted) {
    this.emit("message", message);
    const kind = kindOf(message);
    if (kind !== void 0 && !OWN.includes(kind) && isWanted())
      this.emit(kind, message);
  }
  add(event, handler, isOnce) {
    let all = this.handlers.get(event);
    if (!all) this.handlers.set(event, all = /* @__PURE__ */ new Map());
    const entry = { isOnce };
    all.set(handler, entry);
    return () => {
      if (all.get(handler) === entry) this.off(event, handler);
    };
  }
};

// src/core/explain.ts
async function explain(url, signal) {
  try {
    const answer = await fetch(url, { signal, cache: "no-store", credentials: "omit" });
    const body = await answer.json();
    const fields = isObject(body) ? body : {};
    const wait = Number(answer.headers.get("Retry-After"));
    return statusError(answer.status, wait > 0 ? { retry_after_seconds: wait, ...fields } : fields);
  } catch {
    return void 0;
  }
}

// src/core/heartbeat.ts
var LATE_MS = 2e3;
var PROBE_MS = 5e3;
var Heartbeat = class {
  constructor(options, ping, giveUp) {
    this.options = options;
    this.ping = ping;
    this.giveUp = giveUp;
  }
  /** Milliseconds from the last ping to its answer. */
  latency;
  timer;
  due = 0;
  sentAt = 0;
  isWaiting = false;
  wasLate = false;
  start() {
    this.isWaiting = this.wasLate = false;
    const { heartbeatInterval = 3e4, heartbeatTimeout = 1e4 } = this.options;
    if (heartbeatInterval > 0) {
      this.wait(heartbeatInterval, () => this.ask(this.isLate() ? PROBE_MS : heartbeatTimeout));
    }
  }
  stop() {
    clearTimeout(this.timer);
  }
  /** Anything that was heard shows that the connection lives; a pong also how fast it is. */
  heard(isPong) {
    if (!this.isWaiting) return;
    if (isPong) this.latency = Date.now() - this.sentAt;
    this.start();
  }
  /** Asks now, in doubt: the network or the page was away. */
  probe() {
    if (!this.isWaiting && this.options.heartbeatInterval !== 0) this.ask(PROBE_MS);
  }
  ask(timeout) {
    this.isWaiting = true;
    this.sentAt = Date.now();
    this.wait(timeout, () => {
      if (!this.wasLate && this.isLate()) {
        this.wasLate = true;
        this.ask(PROBE_MS);
      } else {
        this.giveUp();
      }
    });
    this.ping();
  }
  isLate() {
    return Date.now() - this.due > LATE_MS;
  }
  wait(delay, then) {
    clearTimeout(this.timer);
    this.due = Date.now() + delay;
    this.timer = setTimeout(then, delay);
  }
};

// src/core/page.ts
var isOffline = () => globalThis.navigator?.onLine === false;
function watchPage(watcher) {
  const page = globalThis.document;
  const rows = [
    [globalThis, "offline", () => watcher.offline()],
    [globalThis, "online", () => watcher.online()],
    [globalThis, "pagehide", (event) => event.persisted && watcher.frozen()],
    [globalThis, "pageshow", (event) => event.persisted && watcher.thawed()],
    [page, "freeze", () => watcher.frozen()],
    [page, "resume", () => watcher.thawed()],
    [page, "visibilitychange", () => page.visibilityState === "visible" && watcher.seen()]
  ];
  for (const [target2, event, handler] of rows) target2?.addEventListener?.(event, handler);
  return () => {
    for (const [target2, event, handler] of rows) target2?.removeEventListener?.(event, handler);
  };
}

// src/core/url.ts
function socketUrl(url) {
  const whole = new URL(url, globalThis.location?.href);
  whole.protocol = whole.protocol.replace(/^http/, "ws");
  return whole;
}
function target(options, token) {
  const url = socketUrl(options.url);
  const protocols = [options.protocols ?? []].flat();
  if (token && options.tokenIn === "protocol") {
    if (!protocols.length) protocols.push("notifications");
    protocols.push(`bearer.${token}`);
  } else if (token) {
    url.searchParams.set("token", token);
  }
  return protocols.length ? [url.href, protocols] : [url.href];
}
function plainUrl(options, token) {
  const url = socketUrl(options.url);
  url.protocol = url.protocol.replace(/^ws/, "http");
  if (token) url.searchParams.set("token", token);
  return url.href;
}

// src/core/client.ts
var CONNECT_MS = 2e4;
var STEADY_MS = 3e4;
var LONGEST_MS = 2 ** 31 - 1;
var ignore = () => void 0;
var TidingsClient = class extends Emitter {
  options;
  current = "disconnected";
  open;
  token;
  heartbeat;
  epoch = 0;
  timer;
  asking;
  unwatch = ignore;
  attempts = 0;
  openedAt = 0;
  notBefore = 0;
  refusal;
  wasConnected = false;
  isWaiting = false;
  constructor(options) {
    super();
    this.options = { ...options };
    this.token = options.token;
    this.heartbeat = new Heartbeat(
      this.options,
      () => this.send({ type: "ping" }),
      () => this.lost(HEARTBEAT_LOST, "Heartbeat lost", HEARTBEAT_LOST)
    );
  }
  get state() {
    return this.current;
  }
  get latency() {
    return this.heartbeat.latency;
  }
  /** The socket of the moment, for a look at it. */
  get socket() {
    return this.open;
  }
  connect(token) {
    if (token !== void 0) this.token = token;
    if (this.current !== "disconnected") {
      this.hurry();
      return;
    }
    this.isTraced = wantsTrace();
    this.attempts = this.notBefore = 0;
    this.wasConnected = false;
    this.unwatch = watchPage({
      offline: () => this.pause(),
      online: () => this.wake(),
      frozen: () => this.pause(),
      thawed: () => this.wake(),
      seen: () => this.wake()
    });
    this.attempt();
  }
  disconnect() {
    if (this.current !== "disconnected") this.end(1e3, "Client disconnecting");
  }
  send(data) {
    const socket = this.open;
    if (this.current !== "connected" || !socket || socket.readyState > 1) return false;
    socket.send(typeof data === "string" ? data : JSON.stringify(data));
    return true;
  }
  /** What a text message says. Throws where it is not JSON. */
  parse(text) {
    return JSON.parse(text);
  }
  attempt() {
    const epoch = this.release();
    this.refusal = void 0;
    this.enter(this.wasConnected || this.attempts ? "reconnecting" : "connecting");
    if (epoch !== this.epoch) return;
    const { getToken } = this.options;
    const token = this.token;
    if (!getToken || token !== void 0) {
      if (getToken) this.token = void 0;
      this.dial(token);
      return;
    }
    const got = (fresh) => {
      if (epoch !== this.epoch) return;
      if (fresh) this.dial(fresh);
      else this.end(1006, "", new TidingsError("token_unavailable", "Nobody is logged in"));
    };
    const failed = (cause) => {
      if (epoch !== this.epoch) return;
      const message = cause instanceof Error ? cause.message : String(cause);
      this.lost(1006, "", void 0, new TidingsError("token_unavailable", message, { cause }));
    };
    this.after(this.options.connectTimeout ?? CONNECT_MS, () => failed(new Error("getToken took too long")));
    try {
      const answer = getToken();
      if (typeof answer === "object" && answer) answer.then(got, failed);
      else got(answer);
    } catch (error) {
      failed(error);
    }
  }
  dial(token) {
    let socket;
    try {
      const Socket = this.options.WebSocket ?? globalThis.WebSocket;
      socket = new Socket(...target(this.options, token));
    } catch (cause) {
      this.end(1006, "", new TidingsError("unusable", String(cause), { cause }));
      return;
    }
    this.open = socket;
    this.after(this.options.connectTimeout ?? CONNECT_MS, () => this.lost(1006, "No answer in time", 1e3));
    socket.onopen = () => this.opened();
    socket.onmessage = (event) => this.heard(event.data);
    socket.onerror = ignore;
    socket.onclose = (event) => {
      const isSilent = this.current !== "connected";
      this.lost(event?.code ?? 1006, event?.reason ?? "");
      if (isSilent) this.ask(token);
    };
  }
  opened() {
    clearTimeout(this.timer);
    const isReconnect = this.wasConnected;
    this.wasConnected = true;
    this.openedAt = Date.now();
    this.notBefore = 0;
    this.heartbeat.start();
    this.enter("connected", { connected: { isReconnect } });
  }
  heard(data) {
    let message;
    try {
      message = data === "pong" ? { type: data } : this.parse(data);
    } catch {
      console.warn("tidings: skipped a message that is not JSON");
    }
    const kind = kindOf(message);
    this.heartbeat.heard(kind === "pong");
    if (message === void 0 || kind === "pong") return;
    if (isRefusal(message)) {
      this.refusal = refusalError(message);
      this.emit("error", this.refusal);
      return;
    }
    const epoch = this.epoch;
    this.emitMessage(message, () => epoch === this.epoch);
  }
  /** An attempt or a connection is over; what is still open is closed with `closeWith`, and nobody waits for its close event. */
  lost(code, reason, closeWith, cause) {
    const wasOpen = this.current === "connected";
    if (wasOpen && Date.now() - this.openedAt >= STEADY_MS) this.attempts = 0;
    const error = this.refusal ?? cause ?? closeError(code, reason, wasOpen);
    if (isFinal(code, error, this.options.getToken !== void 0)) {
      this.end(code, reason, error);
      return;
    }
    this.release(closeWith, reason);
    const news = this.refusal ? {} : { error };
    const { maxReconnectAttempts = Infinity } = this.options;
    if (!isOffline() && this.attempts >= maxReconnectAttempts) {
      this.end(code, reason, error, { ...news, maxReconnectAttemptsReached: { attempts: this.attempts } });
      return;
    }
    this.refusal = void 0;
    if (wasOpen) news.disconnected = { code, reason, willReconnect: true, error };
    if (isOffline()) {
      this.isWaiting = true;
      this.enter("paused", news);
      return;
    }
    const isQuick = !this.attempts && (code === HEARTBEAT_LOST || code === 4001);
    const delay = isQuick ? 0 : this.delay(error);
    this.attempts++;
    const epoch = this.epoch;
    this.wait(delay, news);
    if (isQuick && epoch === this.epoch) this.attempt();
  }
  /** How long until the next attempt: random up to a bound that doubles, so that not all come at once, or what the server asks for. */
  delay(error) {
    const { reconnectDelay = 1e3, maxReconnectDelay = 3e4, jitterFactor = 0.1, backoff } = this.options;
    let delay = backoff ? backoff(this.attempts) : Math.random() * Math.min(maxReconnectDelay, reconnectDelay * 2 ** this.attempts);
    if (error?.retryAfterSeconds !== void 0) {
      delay = error.retryAfterSeconds * 1e3 * (1 + jitterFactor * Math.random());
      this.notBefore = Date.now() + delay;
    } else if (error?.code === "rate_limited") {
      delay = Math.max(delay, maxReconnectDelay * (1 - Math.random() / 2));
      this.notBefore = Date.now() + delay;
    }
    return Math.min(delay, LONGEST_MS);
  }
  wait(delay, news = {}) {
    this.isWaiting = true;
    this.after(delay, () => this.attempt());
    this.enter("reconnecting", { ...news, reconnecting: { attempt: Math.max(1, this.attempts), delay } });
  }
  /** The handshake failed without a word: while the wait for the next attempt runs, asks why. */
  ask(token) {
    if (!this.isWaiting || this.options.explain === false || !globalThis.fetch) return;
    const epoch = this.epoch;
    this.asking = new AbortController();
    void explain(plainUrl(this.options, token), this.asking.signal).then((error) => {
      if (!error || epoch !== this.epoch || this.current !== "reconnecting") return;
      if (isFinal(0, error, false)) {
        this.end(1006, error.message, error, { error });
      } else if (error.retryAfterSeconds !== void 0) {
        this.wait(this.delay(error), { error });
      } else {
        this.emit("error", error);
      }
    });
  }
  /** The browser is offline or the page put aside. */
  pause() {
    if (this.current === "paused" || this.current === "disconnected") return;
    const wasOpen = this.current === "connected";
    if (wasOpen && Date.now() - this.openedAt >= STEADY_MS) this.attempts = 0;
    this.release(1e3, "Paused");
    this.isWaiting = true;
    this.enter(
      "paused",
      wasOpen ? { disconnected: { code: 1006, reason: "Paused", willReconnect: true } } : {}
    );
  }
  /** The network or the page is back, or somebody looks at it: what seemed to live is asked, and a wait cut short. */
  wake() {
    if (this.current === "connected") this.heartbeat.probe();
    else if (!isOffline()) this.hurry();
  }
  hurry() {
    if (!this.isWaiting) return;
    const left = this.notBefore - Date.now();
    if (left <= 0) this.attempt();
    else if (this.current === "paused") this.wait(left);
  }
  /** The end, until somebody calls connect(). */
  end(code, reason, error, news) {
    this.release(1e3, reason);
    this.unwatch();
    const toTell = news ?? (error && error !== this.refusal ? { error } : {});
    if (error && !this.has("error")) console.error("tidings:", error);
    this.refusal = void 0;
    this.enter("disconnected", { ...toTell, disconnected: { code, reason, willReconnect: false, error } });
  }
  /** Drops whatever is under way, and with it the epoch. */
  release(code = 1e3, reason = "") {
    clearTimeout(this.timer);
    this.heartbeat.stop();
    this.asking?.abort();
    this.isWaiting = false;
    const socket = this.open;
    if (socket) {
      this.open = void 0;
      socket.onopen = socket.onmessage = socket.onclose = null;
      try {
        if (socket.readyState !== 3) socket.close(code, reason);
      } catch {
      }
    }
    return ++this.epoch;
  }
  after(delay, then) {
    clearTimeout(this.timer);
    this.timer = setTimeout(then, delay);
  }
  /** Takes a state and tells all news, as long as no handler changes it all again. */
  enter(state, news = {}) {
    const epoch = this.epoch;
    const isNew = state !== this.current;
    this.current = state;
    if (isNew) this.emit("state", state);
    for (const event of Object.keys(news)) {
      if (epoch !== this.epoch) return;
      if (news[event] !== void 0) this.emit(event, news[event]);
    }
  }
};

// src/helpers/endpoint.ts
var LOCAL = "ws://localhost:8080";
function endpointUrl(path, url) {
  if (url === void 0) return globalThis.location ? path : LOCAL + path;
  if (url.startsWith("/")) return url;
  const whole = socketUrl(url);
  if (whole.pathname === "/") whole.pathname = path;
  return whole.href;
}

// src/helpers/hailango.ts
var PATH = "/api/v1/ws";
function optionsOf({ reconnectInterval, url, ...rest }) {
  return {
    ...rest,
    ...url === void 0 ? {} : { url: endpointUrl(PATH, url) },
    ...reconnectInterval === void 0 ? {} : { reconnectDelay: reconnectInterval }
  };
}
function onPayload(connection, kind, handler) {
  const whole = (message) => {
    if (!(message instanceof TidingsError)) handler(payloadOf(message));
  };
  return connection.on(kind, whole);
}
var HaiLanGoWebSocketClient = class extends TidingsClient {
  constructor(config = {}) {
    super({ maxReconnectAttempts: 5, url: endpointUrl(PATH), ...optionsOf(config) });
  }
  /** Changes what is given, from the next attempt on. */
  configure(config) {
    Object.assign(this.options, optionsOf(config));
  }
  get isConnected() {
    return this.state === "connected";
  }
  /** Calls `handler` with what each message of a kind carries. The answer ends that. */
  subscribe(kind, handler) {
    return onPayload(this, kind, handler);
  }
};
var only;
function getWebSocketClient(config) {
  if (!only) only = new HaiLanGoWebSocketClient(config);
  else if (config) only.configure(config);
  return only;
}

// src/helpers/reconnection.ts
var ReconnectionManager = class {
  maxAttempts;
  baseDelay;
  maxDelay;
  jitterFactor;
  attempts = 0;
  constructor(options = {}) {
    this.maxAttempts = options.maxAttempts ?? 5;
    this.baseDelay = options.baseDelay ?? 1e3;
    this.maxDelay = options.maxDelay ?? 3e4;
    this.jitterFactor = options.jitterFactor ?? 0.1;
  }
  /** Milliseconds until the next attempt, null when there is none left. */
  getNextDelay() {
    if (this.attempts >= this.maxAttempts) return null;
    const delay = Math.min(this.baseDelay * 2 ** this.attempts, this.maxDelay);
    this.attempts++;
    return delay + delay * this.jitterFactor * Math.random();
  }
  reset() {
    this.attempts = 0;
  }
};

// src/helpers/huleedu.ts
var HuleEduWebSocketClient = class extends TidingsClient {
  /** `token` is one, or a function that gets one for each attempt. `url` is `/ws` on the page's own origin unless given. */
  constructor(token, options = {}) {
    const delays = new ReconnectionManager({
      maxAttempts: Infinity,
      baseDelay: options.reconnectDelay,
      maxDelay: options.maxReconnectDelay,
      jitterFactor: options.jitterFactor
    });
    super({
      maxReconnectAttempts: 5,
      backoff: (attempt) => {
        delays.attempts = attempt;
        return delays.getNextDelay();
      },
      ...options,
      url: endpointUrl("/ws", options.url),
      ...typeof token === "function" ? { getToken: token } : { token }
    });
  }
  /** A message turned into a string is the text that came, so that `JSON.parse(message)` of older code works. */
  parse(text) {
    const message = super.parse(text);
    if (isObject(message))
      Object.defineProperty(message, "toString", { value: () => text, configurable: true });
    return message;
  }
};

// src/helpers/pipeline.ts
var PipelineCompletionHandler = class {
  constructor(pipeline = {}) {
    this.pipeline = pipeline;
  }
  timers = /* @__PURE__ */ new Map();
  /** To be overridden: the results of a batch are there. */
  updateBatchResults(_data) {
  }
  /** To be overridden: the user should hear of it. */
  notifyUser(_data) {
  }
  /** To be overridden: downloads are possible. */
  enableDownloads(_batchId) {
  }
  /** To be overridden: one of the three above threw. */
  handleCompletionError(_batchId, _error) {
  }
  /** To be overridden: a batch was completed, but its notification did not arrive. */
  handleMissedCompletion(_batchId, _status) {
  }
  handlePipelineStarted(batchId) {
    clearTimeout(this.timers.get(batchId));
    const wait = this.pipeline.completionTimeout ?? 30 * 60 * 1e3;
    this.timers.set(
      batchId,
      setTimeout(() => {
        this.timers.delete(batchId);
        console.warn(`Pipeline completion timeout for batch ${batchId}`);
        void this.pollBatchStatus(batchId);
      }, wait)
    );
  }
  handlePipelineCompleted(data) {
    const batchId = data.payload.batch_id;
    clearTimeout(this.timers.get(batchId));
    this.timers.delete(batchId);
    try {
      this.updateBatchResults(data);
      this.notifyUser(data);
      this.enableDownloads(batchId);
    } catch (error) {
      console.error("Error processing pipeline completion:", error);
      this.handleCompletionError(batchId, error);
    }
  }
  /** Asks the server now. */
  async pollBatchStatus(batchId) {
    try {
      const token = await this.token();
      const answer = await fetch(
        this.address(batchId),
        token ? { headers: { Authorization: `Bearer ${token}` } } : {}
      );
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      const status = await answer.json();
      if (status.details.status === "completed") this.handleMissedCompletion(batchId, status);
    } catch (error) {
      console.error("Error polling batch status:", error);
    }
  }
  /** Forgets all batches: no timer stays. */
  dispose() {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }
  async token() {
    const { token, getToken } = this.pipeline;
    return token ?? (getToken ? await getToken() : globalThis.localStorage?.getItem("auth_token"));
  }
  /** On the page's own origin a path is enough. */
  address(batchId) {
    const path = `/api/v1/batches/${encodeURIComponent(batchId)}/status`;
    if (this.pipeline.url === void 0) return path;
    const url = socketUrl(this.pipeline.url);
    return `${url.protocol.replace("ws", "http")}//${url.host}${path}`;
  }
};

// src/helpers/retry.ts
var FINAL = [1e3, 1008, 4003, 4004];
var RetryingWebSocket = class {
  constructor(options, maxAttempts) {
    this.options = options;
    this.maxAttempts = maxAttempts;
    this.dial();
  }
  onopen = null;
  onmessage = null;
  onerror = null;
  onclose = null;
  socket;
  listeners = [];
  timer;
  attempts = 0;
  isOver = false;
  get readyState() {
    return this.socket.readyState;
  }
  get url() {
    return this.real.url;
  }
  get protocol() {
    return this.real.protocol;
  }
  get bufferedAmount() {
    return this.real.bufferedAmount;
  }
  send(data) {
    this.socket.send(data);
  }
  /** Ends it, retries included. */
  close(code, reason) {
    this.isOver = true;
    clearTimeout(this.timer);
    this.socket.close(code, reason);
  }
  addEventListener(...listener) {
    this.listeners.push(listener);
    this.real.addEventListener(...listener);
  }
  removeEventListener(...[type, handler]) {
    this.listeners = this.listeners.filter((one) => one[0] !== type || one[1] !== handler);
    this.real.removeEventListener(type, handler);
  }
  get real() {
    return this.socket;
  }
  dial() {
    const Socket = this.options.WebSocket ?? globalThis.WebSocket;
    const socket = new Socket(...target(this.options, this.options.token));
    this.socket = socket;
    for (const listener of this.listeners) this.addAgain(listener);
    socket.onopen = (event) => this.onopen?.(event);
    socket.onmessage = (event) => this.onmessage?.(event);
    socket.onerror = (event) => this.onerror?.(event);
    socket.onclose = (event) => {
      if (!this.isOver && !FINAL.includes(event.code) && this.attempts < this.maxAttempts) {
        this.attempts++;
        this.timer = setTimeout(() => this.dial(), Math.min(1e3 * 2 ** this.attempts, 3e4));
      }
      this.onclose?.(event);
    };
  }
  addAgain(listener) {
    this.real.addEventListener(...listener);
  }
};
function connectWithRetry(url = {}, maxAttempts) {
  const options = typeof url === "string" ? { url } : url;
  return new RetryingWebSocket(
    { ...options, url: endpointUrl("/ws", options.url) },
    maxAttempts ?? options.maxAttempts ?? 5
  );
}

// src/helpers/submission.ts
var REMEMBERED = 1e4;
var SubmissionClient = class extends TidingsClient {
  told = /* @__PURE__ */ new Map();
  repeated = /* @__PURE__ */ new Map();
  constructor(options) {
    super(options);
    this.on("connected", () => this.repeated = new Map(this.told));
  }
  parse(text) {
    const left = this.repeated.get(text);
    if (left) {
      this.repeated.set(text, left - 1);
      return void 0;
    }
    const message = super.parse(text);
    if (this.told.size < REMEMBERED) this.told.set(text, (this.told.get(text) ?? 0) + 1);
    return message;
  }
};
var SubmissionWatcher = class {
  client;
  onStatusUpdate;
  onTestResult;
  onErrorAnalysis;
  onComplete;
  /** Without it, errors go to the console. */
  onError;
  onClose;
  /** Connects at once. In demo mode no token is needed. */
  constructor(submissionId, token, options = {}) {
    const path = `/ws/submissions/${encodeURIComponent(submissionId)}`;
    this.client = new SubmissionClient({
      maxReconnectAttempts: 5,
      ...options,
      url: endpointUrl(path, options.url),
      ...typeof token === "function" ? { getToken: token } : { token }
    });
    this.client.on("message", (message) => this.handleMessage(message));
    this.client.on("error", (error) => {
      if (!(error instanceof TidingsError)) return;
      if (this.onError) this.onError(error);
      else console.error("tidings:", error);
    });
    this.client.on("disconnected", (event) => this.onClose?.(event));
    this.client.connect();
  }
  /** The socket of the moment. */
  get ws() {
    return this.client.socket;
  }
  handleMessage(message) {
    switch (message.type) {
      case "status_update":
        this.onStatusUpdate?.(message);
        break;
      case "test_result":
        this.onTestResult?.(message);
        break;
      case "error_analysis":
        this.onErrorAnalysis?.(message);
        break;
      case "complete":
        try {
          this.onComplete?.(message);
        } finally {
          this.close();
        }
        break;
    }
  }
  close() {
    this.client.disconnect();
  }
};

// src/share/shared.ts
var Leader = class extends TidingsClient {
  constructor(options, told) {
    super(options);
    this.told = told;
  }
  emit(event, data) {
    if (event === "error" && !(data instanceof TidingsError)) return;
    if (CLIENT_EVENTS.includes(event)) this.told(event, data);
  }
  has() {
    return true;
  }
};
var CLIENT_EVENTS = [
  "connected",
  "disconnected",
  "reconnecting",
  "state",
  "message",
  "error",
  "maxReconnectAttemptsReached"
];
var SharedTidingsClient = class extends Emitter {
  id = Math.random().toString(36).slice(2);
  name;
  leader;
  channel;
  claim;
  giveBack;
  unwatch = () => void 0;
  current = "disconnected";
  lastLatency;
  first;
  isJoined = false;
  isLeading = false;
  wasConnected = false;
  constructor({ share, ...options }) {
    super();
    this.name = `tidings:${share}`;
    this.leader = new Leader(options, (event, data) => this.said(event, data));
  }
  get state() {
    return this.current;
  }
  get latency() {
    return this.isLeading ? this.leader.latency : this.lastLatency;
  }
  connect(token) {
    if (this.isLeading) {
      this.leader.connect(token);
    } else if (this.isJoined) {
      this.post({ say: "connect", token });
    } else {
      this.join(token);
    }
  }
  disconnect() {
    if (!this.isJoined) return;
    this.isJoined = false;
    this.unwatch();
    this.stepDown();
    this.channel?.close();
    this.channel = void 0;
    this.wasConnected = false;
    this.take("state", "disconnected");
    this.take("disconnected", { code: 1e3, reason: "Client disconnecting", willReconnect: false });
  }
  /** Goes out through the tab that leads; true says only that it was passed on. */
  send(data) {
    if (this.isLeading) return this.leader.send(data);
    if (this.current !== "connected") return false;
    this.post({ say: "send", data });
    return true;
  }
  join(token) {
    this.isJoined = true;
    this.first = token;
    if (!globalThis.navigator?.locks || !globalThis.BroadcastChannel) {
      this.lead();
      return;
    }
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = (event) => this.heard(event.data);
    this.unwatch = watchPage({
      frozen: () => {
        this.stepDown();
        this.take("state", "paused");
      },
      thawed: () => this.stand(),
      offline: () => void 0,
      online: () => void 0,
      seen: () => void 0
    });
    this.take("state", "connecting");
    if (this.isJoined) this.stand();
  }
  /** Gets in line for the lock, and asks who has it how things are. */
  stand() {
    if (this.claim) return;
    const claim = this.claim = new AbortController();
    const until = () => {
      if (claim.signal.aborted) return Promise.resolve();
      this.lead();
      return new Promise((done) => this.giveBack = done);
    };
    navigator.locks.request(this.name, { signal: claim.signal }, until).catch(() => {
      if (!claim.signal.aborted) this.lead();
    });
    this.post({ say: "hello", from: this.id });
  }
  lead() {
    this.isLeading = true;
    this.leader.connect(this.first);
  }
  /** The next tab in line takes over. */
  stepDown() {
    this.claim?.abort();
    this.claim = void 0;
    this.isLeading = false;
    this.leader.disconnect();
    this.giveBack?.();
    this.giveBack = void 0;
  }
  /** What our own connection says, while it is ours. */
  said(event, data) {
    if (!this.isLeading) return;
    this.post({ say: "event", event, data: packed(data), latency: this.leader.latency });
    this.take(event, data);
  }
  heard(word) {
    if (word.say === "event") {
      if (this.isLeading || word.to !== void 0 && word.to !== this.id) return;
      this.lastLatency = word.latency;
      this.take(word.event, word.event === "message" ? word.data : unpacked(word.data));
    } else if (!this.isLeading) {
      return;
    } else if (word.say === "connect") {
      this.leader.connect(word.token);
    } else if (word.say === "send") {
      this.leader.send(word.data);
    } else {
      const { latency, state } = this.leader;
      this.post({ say: "event", event: "state", data: state, latency, to: word.from });
      if (state === "connected") {
        this.post({ say: "event", event: "connected", data: { isReconnect: false }, latency, to: word.from });
      }
    }
  }
  take(event, data) {
    if (event === "message") {
      this.emitMessage(data, () => this.isJoined);
      return;
    }
    if (event === "state") {
      if (data === this.current) return;
      this.current = data;
    }
    if (event === "connected") {
      data = { isReconnect: this.wasConnected || data.isReconnect };
      this.wasConnected = true;
    }
    this.emit(event, data);
  }
  post(word) {
    this.channel?.postMessage(word);
  }
};
function packed(data) {
  if (data instanceof TidingsError) {
    const { code, message, closeCode, retryAfterSeconds, retryRecommended } = data;
    return { packed: [code, message, { closeCode, retryAfterSeconds, retryRecommended }] };
  }
  return data?.error instanceof TidingsError ? { ...data, error: packed(data.error) } : data;
}
function unpacked(data) {
  if (data?.packed) return new TidingsError(...data.packed);
  return data?.error?.packed ? { ...data, error: unpacked(data.error) } : data;
}
export {
  HaiLanGoWebSocketClient,
  HuleEduWebSocketClient,
  PipelineCompletionHandler,
  ReconnectionManager,
  RetryingWebSocket,
  SharedTidingsClient,
  SubmissionWatcher,
  TidingsClient,
  TidingsError,
  connectWithRetry,
  getWebSocketClient,
  kindOf,
  payloadOf
};
