// SPDX-License-Identifier: MIT
// What each notification says to a teacher: a title and a sentence.

export const CATEGORIES = {
  batch_progress: 'Progress',
  processing_results: 'Results',
  file_operations: 'Files',
  class_management: 'Class',
  student_workflow: 'Students',
  system_alerts: 'Alert',
};

export const PHASES = {
  upload: 'Upload',
  students: 'Students',
  spellcheck: 'Spelling',
  nlp: 'Language',
  cj_assessment: 'Comparison',
  results: 'Results',
};

export const phaseName = (phase) => PHASES[phase] ?? String(phase).replaceAll('_', ' ');

const minutes = (seconds) => (seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);
const megabytes = (bytes) => `${(bytes / 1_000_000).toFixed(1)} MB`;

const WORDS = {
  batch_files_uploaded: (p) => ['Files uploaded', `${p.files_uploaded} files, ${megabytes(p.total_size_bytes)}`],
  batch_file_removed: (p) => ['File removed', p.filename ?? p.file_id],
  batch_processing_started: (p) => [`${phaseName(p.pipeline_phase)} started`, `about ${p.estimated_duration_minutes} minutes`],
  phase_skipped: (p) => [`${phaseName(p.phase_name)} skipped`, String(p.skip_reason).replaceAll('_', ' ')],
  batch_spellcheck_completed: (p) => ['Spelling checked', `${p.total_errors_found} errors in ${p.essays_processed} essays`],
  batch_cj_assessment_completed: (p) => ['Essays compared', `${p.essays_assessed} essays in ${minutes(p.processing_duration_seconds)}`],
  batch_assessment_completed: (p) => ['Assessment complete', `${p.completed_assessments} of ${p.total_essays} essays`],
  batch_results_ready: (p) => ['Results are ready', `${p.results_count} essays to look at`],
  batch_pipeline_completed: (p) => [
    'Batch complete',
    p.failed_essay_count > 0
      ? `${p.successful_essay_count} essays done, ${p.failed_essay_count} failed`
      : `${p.successful_essay_count} essays, all done`,
  ],
  batch_validation_failed: (p) => ['Files refused', [p.error_message, ...(p.validation_errors ?? [])].join('. ')],
  class_created: (p) => ['Class created', p.class_name],
  student_added_to_class: (p) => ['Student added', p.student_name],
  student_associations_confirmed: (p) => [
    'Students confirmed',
    `${p.confirmed_associations} essays have their student, ${p.pending_associations} wait`,
  ],
  validation_timeout_processed: (p) => ['Confirmed by timeout', `${p.processed_students} students, nobody objected`],
};

/** [title, sentence] */
export function wordsOf({ notification_type: kind, payload }) {
  return WORDS[kind]?.(payload) ?? [String(kind).replaceAll('_', ' '), payload?.message ?? ''];
}
