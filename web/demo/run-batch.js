// SPDX-License-Identifier: MIT
// A batch of essays from the class to its results. Each step: [seconds from the beginning, system, message].

const STUDENTS = ['Ada Lind', 'Noah Berg', 'Maja Ek', 'Elias Holm', 'Vera Sund', 'Leo Dahl'];

export function batchRun(number) {
  const batch_id = `7B essays ${number}`;
  const class_id = `class-7b-${number}`;
  const steps = [];
  const at = (seconds, message) => steps.push([seconds, 'huleedu', message]);
  const tell = (seconds, kind, category, priority, payload, action_required = false) =>
    at(seconds, {
      notification_type: kind,
      timestamp: '',
      category,
      priority,
      action_required,
      payload,
      correlation_id: crypto.randomUUID(),
    });
  const status = (seconds, text) =>
    steps.push([seconds, 'huleedu-status', { event_type: 'batch.status.updated', batch_id, status: text, timestamp: '' }]);
  const count = STUDENTS.length;

  tell(0, 'class_created', 'class_management', 'standard', { class_id, class_name: 'English 7B', teacher_id: 'teacher-1' });
  tell(0.8, 'student_added_to_class', 'class_management', 'low', { class_id, student_id: 'student-6', student_name: STUDENTS[5] });
  status(1.5, 'awaiting_content');
  STUDENTS.forEach((student, index) => {
    at(2 + index * 0.6, {
      event: 'essay_slot_assigned',
      data: {
        batch_id,
        essay_id: `essay-${index + 1}`,
        file_upload_id: `upload-${index + 1}`,
        filename: `${student}.docx`,
        slot_index: index,
        timestamp: '',
      },
    });
  });
  tell(5.8, 'batch_file_removed', 'file_operations', 'standard', { batch_id, file_id: 'upload-7', filename: 'Copy of Ada Lind.docx' });
  tell(6.4, 'batch_files_uploaded', 'file_operations', 'standard', { batch_id, user_id: 'teacher-1', files_uploaded: count, total_size_bytes: 1_480_000 });
  tell(7.6, 'student_associations_confirmed', 'student_workflow', 'high', { batch_id, confirmed_associations: count - 1, pending_associations: 1 });
  tell(9, 'validation_timeout_processed', 'student_workflow', 'immediate', { batch_id, timeout_duration_seconds: 300, processed_students: count });
  status(9.6, 'processing');
  tell(10, 'batch_processing_started', 'batch_progress', 'low', { batch_id, pipeline_phase: 'spellcheck', estimated_duration_minutes: 2 });
  tell(13, 'batch_spellcheck_completed', 'batch_progress', 'low', { batch_id, essays_processed: count, total_errors_found: 42, processing_duration_seconds: 96 });
  tell(14, 'phase_skipped', 'batch_progress', 'low', { batch_id, phase_name: 'nlp', skip_reason: 'already_completed', storage_id: `storage-${number}`, correlation_id: crypto.randomUUID() });
  tell(15, 'batch_processing_started', 'batch_progress', 'low', { batch_id, pipeline_phase: 'cj_assessment', estimated_duration_minutes: 6 });
  tell(20, 'batch_cj_assessment_completed', 'batch_progress', 'standard', { batch_id, essays_assessed: count, average_content_score: 7.8, processing_duration_seconds: 350 });
  tell(21, 'batch_assessment_completed', 'processing_results', 'standard', { batch_id, total_essays: count, completed_assessments: count, overall_completion_rate: 1 });
  tell(22.4, 'batch_results_ready', 'processing_results', 'high', { batch_id, results_count: count, download_url: `/api/v1/batches/${encodeURIComponent(batch_id)}/results` });
  status(23, 'completed');
  tell(24, 'batch_pipeline_completed', 'processing_results', 'high', {
    batch_id,
    completed_phases: ['spellcheck', 'cj_assessment'],
    final_status: 'COMPLETED_SUCCESSFULLY',
    processing_duration_seconds: 446,
    successful_essay_count: count,
    failed_essay_count: 0,
    correlation_id: crypto.randomUUID(),
  });
  return steps;
}
