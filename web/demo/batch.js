// SPDX-License-Identifier: MIT
// The batches of essays and the phases that each goes through.
import { make, part, prepend, say } from './dom.js';
import { PHASES, phaseName } from './teacher-words.js';

const MOST = 3;

/** What each message means for a phase: [phase, state, note]. */
const MEANINGS = {
  essay_slot_assigned: (p, batch) => ['upload', 'active', `${(batch.essays += 1)} in place`],
  batch_file_removed: () => ['upload', 'active'],
  batch_files_uploaded: (p) => ['upload', 'done', `${p.files_uploaded} files`],
  batch_validation_failed: () => ['upload', 'failed', 'refused'],
  student_associations_confirmed: (p) => ['students', p.pending_associations ? 'active' : 'done', `${p.confirmed_associations} matched`],
  validation_timeout_processed: (p) => ['students', 'done', `${p.processed_students} matched`],
  batch_processing_started: (p) => [p.pipeline_phase, 'active'],
  phase_skipped: (p) => [p.phase_name, 'skipped', 'skipped'],
  batch_spellcheck_completed: (p) => ['spellcheck', 'done', `${p.total_errors_found} errors`],
  batch_cj_assessment_completed: (p) => ['cj_assessment', 'done', `${p.essays_assessed} ranked`],
  batch_assessment_completed: () => ['results', 'active'],
  batch_results_ready: (p) => ['results', 'done', `${p.results_count} ready`],
};

const FINAL = {
  COMPLETED_SUCCESSFULLY: 'complete',
  COMPLETED_WITH_FAILURES: 'complete, with failures',
};

class Batch {
  essays = 0;
  phases = new Map();

  constructor(id) {
    this.status = make('span', 'status');
    this.status.setAttribute('role', 'status');
    this.list = make('ol', 'phases');
    this.element = make('article', 'batch', make('div', 'row', make('h3', '', id), this.status), this.list);
    for (const phase of Object.keys(PHASES)) this.phase(phase);
  }

  /** One that is not among the usual is put before the results. */
  phase(name) {
    let item = this.phases.get(name);
    if (!item) {
      item = make('li', '', make('span', 'name', phaseName(name)), make('span', 'note', ''));
      item.dataset.state = 'waiting';
      this.list.insertBefore(item, this.phases.get('results') ?? null);
      this.phases.set(name, item);
    }
    return item;
  }

  set(name, state, note) {
    const item = this.phase(name);
    // Late news of a phase do not undo its end.
    if (state === 'active' && item.dataset.state === 'done') return;
    item.dataset.state = state;
    item.querySelector('.note').textContent = note ?? (state === 'active' ? 'under way' : '');
  }
}

export class Batches {
  area = part('batches');
  batches = new Map();

  hear(message) {
    const payload = message.payload ?? message.data;
    const meaning = MEANINGS[message.notification_type ?? message.event];
    if (!payload?.batch_id) return;
    const batch = this.batch(payload.batch_id);
    if (meaning) batch.set(...meaning(payload, batch));
    if (message.notification_type === 'batch_pipeline_completed') {
      say(batch.status, FINAL[payload.final_status] ?? payload.final_status);
    }
  }

  /** What the endpoint for batches says. */
  hearStatus(message) {
    if (message.event_type !== 'batch.status.updated') return;
    say(this.batch(message.batch_id).status, String(message.status).replaceAll('_', ' '));
  }

  batch(id) {
    let batch = this.batches.get(id);
    if (!batch) {
      batch = new Batch(id);
      this.batches.set(id, batch);
      if (this.batches.size > MOST) this.batches.delete(this.batches.keys().next().value);
      prepend(this.area, batch.element, MOST);
    }
    return batch;
  }

  clear() {
    this.batches.clear();
    this.area.replaceChildren();
  }
}
