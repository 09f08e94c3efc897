// SPDX-License-Identifier: MIT
// Follows batches through HuleEdu's pipeline: asks over HTTP about one whose completion does not arrive.
import type { TokenSource } from '../core/types.js';
import { socketUrl } from '../core/url.js';
import type { BatchPipelineCompletedMessage } from '../kinds.js';

/** What `GET /api/v1/batches/{id}/status` answers. */
export interface BatchStatus {
  batch_id: string;
  details: { status: 'processing' | 'completed' | 'failed'; [more: string]: unknown };
  essays: unknown[];
}

export interface PipelineOptions {
  /** The server, where it is not the page's own origin. */
  url?: string;
  /** What the request carries: a token, or a function that gets one. Without either, `localStorage.auth_token`. */
  token?: string;
  getToken?: TokenSource;
  /** How long to wait for a completion before asking, in milliseconds. Default 30 minutes. */
  completionTimeout?: number;
}

export class PipelineCompletionHandler {
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(private readonly pipeline: PipelineOptions = {}) {}

  /** To be overridden: the results of a batch are there. */
  updateBatchResults(_data: BatchPipelineCompletedMessage): void {}
  /** To be overridden: the user should hear of it. */
  notifyUser(_data: BatchPipelineCompletedMessage): void {}
  /** To be overridden: downloads are possible. */
  enableDownloads(_batchId: string): void {}
  /** To be overridden: one of the three above threw. */
  handleCompletionError(_batchId: string, _error: unknown): void {}
  /** To be overridden: a batch was completed, but its notification did not arrive. */
  handleMissedCompletion(_batchId: string, _status: BatchStatus): void {}

  handlePipelineStarted(batchId: string): void {
    clearTimeout(this.timers.get(batchId));
    const wait = this.pipeline.completionTimeout ?? 30 * 60 * 1000;
    this.timers.set(
      batchId,
      setTimeout(() => {
        this.timers.delete(batchId);
        console.warn(`Pipeline completion timeout for batch ${batchId}`);
        void this.pollBatchStatus(batchId);
      }, wait),
    );
  }

  handlePipelineCompleted(data: BatchPipelineCompletedMessage): void {
    const batchId = data.payload.batch_id;
    clearTimeout(this.timers.get(batchId));
    this.timers.delete(batchId);
    try {
      this.updateBatchResults(data);
      this.notifyUser(data);
      this.enableDownloads(batchId);
    } catch (error) {
      console.error('Error processing pipeline completion:', error);
      this.handleCompletionError(batchId, error);
    }
  }

  /** Asks the server now. */
  async pollBatchStatus(batchId: string): Promise<void> {
    try {
      const token = await this.token();
      const answer = await fetch(
        this.address(batchId),
        token ? { headers: { Authorization: `Bearer ${token}` } } : {},
      );
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      const status = (await answer.json()) as BatchStatus;
      if (status.details.status === 'completed') this.handleMissedCompletion(batchId, status);
    } catch (error) {
      console.error('Error polling batch status:', error);
    }
  }

  /** Forgets all batches: no timer stays. */
  dispose(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  private async token(): Promise<string | null | undefined> {
    const { token, getToken } = this.pipeline;
    return token ?? (getToken ? await getToken() : globalThis.localStorage?.getItem('auth_token'));
  }

  /** On the page's own origin a path is enough. */
  private address(batchId: string): string {
    const path = `/api/v1/batches/${encodeURIComponent(batchId)}/status`;
    if (this.pipeline.url === undefined) return path;
    const url = socketUrl(this.pipeline.url);
    return `${url.protocol.replace('ws', 'http')}//${url.host}${path}`;
  }
}
