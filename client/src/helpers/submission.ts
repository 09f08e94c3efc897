// SPDX-License-Identifier: MIT
// Watches one submission, over `/ws/submissions/{submission_id}`, until it is complete.
import { TidingsClient } from '../core/client.js';
import { TidingsError } from '../core/errors.js';
import type {
  DisconnectedEvent,
  MessageKinds,
  TidingsMessage,
  TidingsOptions,
  TokenSource,
  WebSocketLike,
} from '../core/types.js';
import { endpointUrl } from './endpoint.js';

/** As many messages of one submission are remembered. */
const REMEMBERED = 10_000;

export type SubmissionOptions = Partial<Omit<TidingsOptions, 'token' | 'getToken'>>;

/** The server tells a submission from its beginning each time; what was heard before a reconnect is not handed out again. */
class SubmissionClient extends TidingsClient {
  private readonly told = new Map<string, number>();
  private repeated = new Map<string, number>();

  constructor(options: TidingsOptions) {
    super(options);
    this.on('connected', () => (this.repeated = new Map(this.told)));
  }

  protected override parse(text: string): unknown {
    const left = this.repeated.get(text);
    if (left) {
      this.repeated.set(text, left - 1);
      return undefined;
    }
    const message = super.parse(text);
    if (this.told.size < REMEMBERED) this.told.set(text, (this.told.get(text) ?? 0) + 1);
    return message;
  }
}

export class SubmissionWatcher {
  readonly client: TidingsClient;
  onStatusUpdate?: (message: MessageKinds['status_update']) => void;
  onTestResult?: (message: MessageKinds['test_result']) => void;
  onErrorAnalysis?: (message: MessageKinds['error_analysis']) => void;
  onComplete?: (message: MessageKinds['complete']) => void;
  /** Without it, errors go to the console. */
  onError?: (error: TidingsError) => void;
  onClose?: (event: DisconnectedEvent) => void;

  /** Connects at once. In demo mode no token is needed. */
  constructor(submissionId: number | string, token?: string | TokenSource, options: SubmissionOptions = {}) {
    const path = `/ws/submissions/${encodeURIComponent(submissionId)}`;
    this.client = new SubmissionClient({
      maxReconnectAttempts: 5,
      ...options,
      url: endpointUrl(path, options.url),
      ...(typeof token === 'function' ? { getToken: token } : { token }),
    });
    this.client.on('message', (message) => this.handleMessage(message));
    this.client.on('error', (error) => {
      if (!(error instanceof TidingsError)) return;
      if (this.onError) this.onError(error);
      else console.error('tidings:', error);
    });
    this.client.on('disconnected', (event) => this.onClose?.(event));
    this.client.connect();
  }

  /** The socket of the moment. */
  get ws(): WebSocketLike | undefined {
    return this.client.socket;
  }

  handleMessage(message: TidingsMessage): void {
    switch (message.type) {
      case 'status_update':
        this.onStatusUpdate?.(message);
        break;
      case 'test_result':
        this.onTestResult?.(message);
        break;
      case 'error_analysis':
        this.onErrorAnalysis?.(message);
        break;
      case 'complete':
        try {
          this.onComplete?.(message);
        } finally {
          this.close();
        }
        break;
    }
  }

  close(): void {
    this.client.disconnect();
  }
}
