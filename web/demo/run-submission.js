// SPDX-License-Identifier: MIT
// A submission from the queue to its result. Each step: [seconds from the beginning, system, message].

const TESTS = [
  ['Node starts', 'passed', 320],
  ['Leader election', 'passed', 1250],
  ['Log replication', 'passed', 1840],
  ['Follower catches up', 'passed', 2210],
  ['Network partition', 'failed', 5000],
  ['Partition heals', 'passed', 2890],
  ['Snapshot and restore', 'passed', 1430],
  ['A thousand writes', 'passed', 4120],
];

const ANALYSIS = {
  error: 'Two leaders in one term',
  analysis: 'After the partition, node 3 stood for election with a term that it had voted in already.',
  suggestions: ['Store votedFor before the vote is answered', 'Step down when a reply carries a higher term'],
};

export function submissionRun() {
  const steps = [];
  // The number is filled in when it is published.
  const tell = (seconds, type, rest) => steps.push([seconds, 'submissions', { type, submission_id: 0, ...rest, timestamp: '' }]);
  let seconds = 0.2;

  for (const status of ['queued', 'building', 'testing']) {
    tell(seconds, 'status_update', { status });
    seconds += 1.8;
  }
  for (const [test_name, status, duration_ms] of TESTS) {
    tell(seconds, 'test_result', { test_name, status, duration_ms });
    if (status === 'failed') tell(seconds + 0.7, 'error_analysis', ANALYSIS);
    seconds += 1.9;
  }
  const passed = TESTS.filter(([, status]) => status === 'passed').length;
  tell(seconds, 'complete', {
    final_status: 'failed',
    summary: {
      total_tests: TESTS.length,
      passed,
      failed: TESTS.length - passed,
      duration_ms: TESTS.reduce((sum, [, , duration]) => sum + duration, 0),
    },
  });
  return steps;
}
