// SPDX-License-Identifier: MIT
// The kinds of message in catalogue/, as types. Written by scripts/kinds.js: change the catalogue and run `npm run kinds`.

export type Category = 'batch_progress' | 'processing_results' | 'file_operations' | 'class_management' | 'student_workflow' | 'system_alerts';

export type Priority = 'critical' | 'immediate' | 'high' | 'standard' | 'low';

/** Files were uploaded to a batch. */
export interface BatchFilesUploadedMessage {
  notification_type: 'batch_files_uploaded';
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  category: Category;
  priority: Priority;
  /** Whether the teacher has something to do now. */
  action_required: boolean;
  payload: {
    /** The batch it is about. */
    batch_id: string;
    /** Who uploaded them. */
    user_id: string;
    /** How many files. */
    files_uploaded: number;
    /** Their sizes together. */
    total_size_bytes: number;
  };
  /** Ties together all that one request caused. */
  correlation_id: string;
  event_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** A file was removed from a batch. */
export interface BatchFileRemovedMessage {
  notification_type: 'batch_file_removed';
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  category: Category;
  priority: Priority;
  /** Whether the teacher has something to do now. */
  action_required: boolean;
  payload: {
    /** The batch it is about. */
    batch_id: string;
    /** The file that is gone. */
    file_id: string;
    /** Its name. */
    filename: string;
  };
  /** Ties together all that one request caused. */
  correlation_id: string;
  event_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** A batch did not pass validation. */
export interface BatchValidationFailedMessage {
  notification_type: 'batch_validation_failed';
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  category: Category;
  priority: Priority;
  /** Whether the teacher has something to do now. */
  action_required: boolean;
  payload: {
    /** The batch it is about. */
    batch_id: string;
    /** What is wrong, a sentence each. */
    validation_errors: string[];
    /** The same in one sentence. */
    error_message: string;
  };
  /** Ties together all that one request caused. */
  correlation_id: string;
  event_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** A class was created. */
export interface ClassCreatedMessage {
  notification_type: 'class_created';
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  category: Category;
  priority: Priority;
  /** Whether the teacher has something to do now. */
  action_required: boolean;
  payload: {
    /** The class. */
    class_id: string;
    /** Its name. */
    class_name: string;
    /** Who teaches it. */
    teacher_id: string;
  };
  /** Ties together all that one request caused. */
  correlation_id: string;
  event_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** A student joined a class. */
export interface StudentAddedToClassMessage {
  notification_type: 'student_added_to_class';
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  category: Category;
  priority: Priority;
  /** Whether the teacher has something to do now. */
  action_required: boolean;
  payload: {
    /** The class. */
    class_id: string;
    /** The student. */
    student_id: string;
    /** The student's name. */
    student_name: string;
  };
  /** Ties together all that one request caused. */
  correlation_id: string;
  event_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** Nobody confirmed the associations in time, so they were taken as they stood. */
export interface ValidationTimeoutProcessedMessage {
  notification_type: 'validation_timeout_processed';
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  category: Category;
  priority: Priority;
  /** Whether the teacher has something to do now. */
  action_required: boolean;
  payload: {
    /** The batch it is about. */
    batch_id: string;
    /** How long was waited. */
    timeout_duration_seconds: number;
    /** How many students that concerned. */
    processed_students: number;
  };
  /** Ties together all that one request caused. */
  correlation_id: string;
  event_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** Essays were matched with students. */
export interface StudentAssociationsConfirmedMessage {
  notification_type: 'student_associations_confirmed';
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  category: Category;
  priority: Priority;
  /** Whether the teacher has something to do now. */
  action_required: boolean;
  payload: {
    /** The batch it is about. */
    batch_id: string;
    /** How many are certain. */
    confirmed_associations: number;
    /** How many are still open. */
    pending_associations: number;
  };
  /** Ties together all that one request caused. */
  correlation_id: string;
  event_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** The spelling of a batch was checked. */
export interface BatchSpellcheckCompletedMessage {
  notification_type: 'batch_spellcheck_completed';
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  category: Category;
  priority: Priority;
  /** Whether the teacher has something to do now. */
  action_required: boolean;
  payload: {
    /** The batch it is about. */
    batch_id: string;
    /** How many essays. */
    essays_processed: number;
    /** Errors in all of them. */
    total_errors_found: number;
    /** How long it took. */
    processing_duration_seconds: number;
  };
  /** Ties together all that one request caused. */
  correlation_id: string;
  event_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** The essays of a batch were compared and scored. */
export interface BatchCjAssessmentCompletedMessage {
  notification_type: 'batch_cj_assessment_completed';
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  category: Category;
  priority: Priority;
  /** Whether the teacher has something to do now. */
  action_required: boolean;
  payload: {
    /** The batch it is about. */
    batch_id: string;
    /** How many essays. */
    essays_assessed: number;
    /** Mean of their scores. */
    average_content_score: number;
    /** How long it took. */
    processing_duration_seconds: number;
  };
  /** Ties together all that one request caused. */
  correlation_id: string;
  event_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** Work on a batch began. */
export interface BatchProcessingStartedMessage {
  notification_type: 'batch_processing_started';
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  category: Category;
  priority: Priority;
  /** Whether the teacher has something to do now. */
  action_required: boolean;
  payload: {
    /** The batch it is about. */
    batch_id: string;
    /** The phase it began with. */
    pipeline_phase: string;
    /** How long it will probably take. */
    estimated_duration_minutes: number;
  };
  /** Ties together all that one request caused. */
  correlation_id: string;
  event_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** The results of a batch can be fetched. */
export interface BatchResultsReadyMessage {
  notification_type: 'batch_results_ready';
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  category: Category;
  priority: Priority;
  /** Whether the teacher has something to do now. */
  action_required: boolean;
  payload: {
    /** The batch it is about. */
    batch_id: string;
    /** How many there are. */
    results_count: number;
    /** Where they are; may be a path on the same host. */
    download_url: string;
  };
  /** Ties together all that one request caused. */
  correlation_id: string;
  event_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** All assessments of a batch are done. */
export interface BatchAssessmentCompletedMessage {
  notification_type: 'batch_assessment_completed';
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  category: Category;
  priority: Priority;
  /** Whether the teacher has something to do now. */
  action_required: boolean;
  payload: {
    /** The batch it is about. */
    batch_id: string;
    /** Essays in the batch. */
    total_essays: number;
    /** Those that were assessed. */
    completed_assessments: number;
    /** The share that was, from 0 to 1. */
    overall_completion_rate: number;
  };
  /** Ties together all that one request caused. */
  correlation_id: string;
  event_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** All phases that were asked for a batch are over. */
export interface BatchPipelineCompletedMessage {
  notification_type: 'batch_pipeline_completed';
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  category: Category;
  priority: Priority;
  /** Whether the teacher has something to do now. */
  action_required: boolean;
  payload: {
    /** The batch it is about. */
    batch_id: string;
    /** The phases that ran. */
    completed_phases: string[];
    /** How it ended; begins with COMPLETED when it went well. */
    final_status: string;
    /** How long it took. */
    processing_duration_seconds: number;
    /** Essays that went through. */
    successful_essay_count: number;
    /** Essays that did not. */
    failed_essay_count: number;
    /** Ties together all that one request caused. */
    correlation_id: string;
  };
  /** Ties together all that one request caused. */
  correlation_id: string;
  event_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** A phase was left out, for instance because it had run before. */
export interface PhaseSkippedMessage {
  notification_type: 'phase_skipped';
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  category: Category;
  priority: Priority;
  /** Whether the teacher has something to do now. */
  action_required: boolean;
  payload: {
    /** The batch it is about. */
    batch_id: string;
    /** The phase. */
    phase_name: string;
    /** Why. */
    skip_reason: string;
    /** Where its earlier result lies. */
    storage_id: string;
    /** Ties together all that one request caused. */
    correlation_id: string;
  };
  /** Ties together all that one request caused. */
  correlation_id: string;
  event_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** A file was given an essay slot. */
export interface EssaySlotAssignedMessage {
  event: 'essay_slot_assigned';
  /** Ties together all that one request caused. */
  correlation_id?: string;
  /** A moment in UTC (RFC 3339). */
  timestamp?: string;
  data: {
    /** The batch it is about. */
    batch_id: string;
    /** The essay, hence the slot. */
    essay_id: string;
    /** The uploaded file. */
    file_upload_id: string;
    /** The file's name, where it is known. */
    filename?: string | null;
    /** Which slot of the batch, from 0. */
    slot_index?: number;
    /** Where its text lies. */
    text_storage_id?: string;
    /** A moment in UTC (RFC 3339). */
    timestamp?: string;
  };
  notification_type?: undefined;
  event_type?: undefined;
  type?: undefined;
}

/** A batch is in another state. */
export interface BatchStatusUpdatedMessage {
  event_type: 'batch.status.updated';
  /** The batch it is about. */
  batch_id: string;
  /** The state it is in now: processing, completed, failed. */
  status: string;
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  notification_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** How far the recognition of a book is. */
export interface OcrProgressMessage {
  type: 'ocr_progress';
  payload: {
    /** The book. */
    bookId: string;
    /** Pages of the book. */
    totalPages: number;
    /** Pages done. */
    processedPages: number;
    /** The same in percent. */
    progress: number;
    /** The page being read. */
    currentPage?: number;
    /** What is being done. */
    status: string;
    /** A sentence for people. */
    message?: string;
  };
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  notification_type?: undefined;
  event_type?: undefined;
  event?: undefined;
}

/** A book can be studied. */
export interface BookReadyMessage {
  type: 'book_ready';
  payload: {
    /** The book. */
    bookId: string;
    /** Its title. */
    title: string;
    /** Its pages. */
    totalPages: number;
    /** A sentence for people. */
    message: string;
  };
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  notification_type?: undefined;
  event_type?: undefined;
  event?: undefined;
}

/** Something is due for review. */
export interface ReviewReminderMessage {
  type: 'review_reminder';
  payload: {
    /** How many items are due. */
    count: number;
    /** The items, or the first of them. */
    items: ({
      /** The item. */
      id: string;
      /** What to review. */
      content: string;
      /** What it means. */
      translation?: string;
      /** A moment in UTC (RFC 3339). */
      dueDate: string;
      priority: 'urgent' | 'recommended' | 'optional';
    })[];
    /** A sentence for people. */
    message: string;
  };
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  notification_type?: undefined;
  event_type?: undefined;
  event?: undefined;
}

/** How a learning session goes. */
export interface LearningUpdateMessage {
  type: 'learning_update';
  payload: {
    /** The session. */
    sessionId: string;
    /** The book. */
    bookId?: string;
    stats: {
      /** Seconds spent. */
      totalTime: number;
      /** Pages done. */
      completedPages: number;
      /** Words known. */
      masteredWords: number;
      /** How well they were said. */
      pronunciationScore?: number;
      /** Days in a row. */
      streakDays: number;
      /** A moment in UTC (RFC 3339). */
      lastStudiedAt?: string;
    };
    /** A sentence for people. */
    message?: string;
  };
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  notification_type?: undefined;
  event_type?: undefined;
  event?: undefined;
}

/** Anything that a person should read. */
export interface NotificationMessage {
  type: 'notification';
  payload: {
    /** In a few words. */
    title: string;
    /** A sentence for people. */
    message: string;
    level: 'info' | 'success' | 'warning' | 'error';
    /** What can be done about it. */
    action?: {
      /** What the button says. */
      label: string;
      /** Where it leads. */
      url: string;
    };
  };
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  notification_type?: undefined;
  event_type?: undefined;
  event?: undefined;
}

/** Something went wrong. */
export interface ErrorMessage {
  type: 'error';
  payload: {
    /** For programs. */
    code: string;
    /** A sentence for people. */
    message: string;
    /** Whatever helps to find the cause. */
    details?: unknown;
  };
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  notification_type?: undefined;
  event_type?: undefined;
  event?: undefined;
}

/** The first message on every connection; the server sends it. */
export interface ConnectionEstablishedMessage {
  type: 'connection_established';
  payload: {
    /** Whose connection it is: a UUID. */
    userId: string;
    /** A sentence for people. */
    message: string;
    /** A moment in UTC (RFC 3339). */
    timestamp: string;
  };
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  notification_type?: undefined;
  event_type?: undefined;
  event?: undefined;
}

/** A submission is in another state. */
export interface StatusUpdateMessage {
  type: 'status_update';
  submission_id: number;
  /** The state it is in now. */
  status: string;
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  notification_type?: undefined;
  event_type?: undefined;
  event?: undefined;
}

/** One test ran. */
export interface TestResultMessage {
  type: 'test_result';
  submission_id: number;
  /** Its name. */
  test_name: string;
  /** How it went: passed, failed. */
  status: string;
  /** How long it took. */
  duration_ms: number;
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  notification_type?: undefined;
  event_type?: undefined;
  event?: undefined;
}

/** Why something failed. */
export interface ErrorAnalysisMessage {
  type: 'error_analysis';
  submission_id: number;
  /** The error as it came up. */
  error: string;
  /** What it means. */
  analysis: string;
  /** What might help. */
  suggestions: string[];
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  notification_type?: undefined;
  event_type?: undefined;
  event?: undefined;
}

/** All is done; the server closes the connection after it. */
export interface CompleteMessage {
  type: 'complete';
  submission_id: number;
  /** How it ended: passed, failed. */
  final_status: string;
  summary: {
    /** Tests in all. */
    total_tests: number;
    /** Those that passed. */
    passed: number;
    /** Those that did not. */
    failed: number;
    /** How long all took. */
    duration_ms: number;
  };
  /** A moment in UTC (RFC 3339). */
  timestamp: string;
  notification_type?: undefined;
  event_type?: undefined;
  event?: undefined;
}

/** What the endpoint huleedu carries: fourteen notifications to teachers, and one event. */
export type HuleeduMessage =
  | BatchFilesUploadedMessage
  | BatchFileRemovedMessage
  | BatchValidationFailedMessage
  | ClassCreatedMessage
  | StudentAddedToClassMessage
  | ValidationTimeoutProcessedMessage
  | StudentAssociationsConfirmedMessage
  | BatchSpellcheckCompletedMessage
  | BatchCjAssessmentCompletedMessage
  | BatchProcessingStartedMessage
  | BatchResultsReadyMessage
  | BatchAssessmentCompletedMessage
  | BatchPipelineCompletedMessage
  | PhaseSkippedMessage
  | EssaySlotAssignedMessage;

/** What the endpoint huleedu-status carries. */
export type HuleeduStatusMessage =
  | BatchStatusUpdatedMessage;

/** What the endpoint hailango carries: an envelope of type, payload and timestamp around seven kinds. */
export type HailangoMessage =
  | OcrProgressMessage
  | BookReadyMessage
  | ReviewReminderMessage
  | LearningUpdateMessage
  | NotificationMessage
  | ErrorMessage
  | ConnectionEstablishedMessage;

/** What the endpoint submissions carries, about one submission at a time. */
export type SubmissionsMessage =
  | StatusUpdateMessage
  | TestResultMessage
  | ErrorAnalysisMessage
  | CompleteMessage;

/** Every kind of the catalogue by its name. */
export interface CatalogueKinds {
  batch_files_uploaded: BatchFilesUploadedMessage;
  batch_file_removed: BatchFileRemovedMessage;
  batch_validation_failed: BatchValidationFailedMessage;
  class_created: ClassCreatedMessage;
  student_added_to_class: StudentAddedToClassMessage;
  validation_timeout_processed: ValidationTimeoutProcessedMessage;
  student_associations_confirmed: StudentAssociationsConfirmedMessage;
  batch_spellcheck_completed: BatchSpellcheckCompletedMessage;
  batch_cj_assessment_completed: BatchCjAssessmentCompletedMessage;
  batch_processing_started: BatchProcessingStartedMessage;
  batch_results_ready: BatchResultsReadyMessage;
  batch_assessment_completed: BatchAssessmentCompletedMessage;
  batch_pipeline_completed: BatchPipelineCompletedMessage;
  phase_skipped: PhaseSkippedMessage;
  essay_slot_assigned: EssaySlotAssignedMessage;
  'batch.status.updated': BatchStatusUpdatedMessage;
  ocr_progress: OcrProgressMessage;
  book_ready: BookReadyMessage;
  review_reminder: ReviewReminderMessage;
  learning_update: LearningUpdateMessage;
  notification: NotificationMessage;
  error: ErrorMessage;
  connection_established: ConnectionEstablishedMessage;
  status_update: StatusUpdateMessage;
  test_result: TestResultMessage;
  error_analysis: ErrorAnalysisMessage;
  complete: CompleteMessage;
}
