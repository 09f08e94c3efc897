// SPDX-License-Identifier: MIT
// The front-end code of huleedu-slot-assigned-integration.md, as it stands there.
import { expect, test, vi } from 'vitest';
import { HuleEduWebSocketClient } from '../../src/index';
import { FakeWebSocket, fakeWorld } from '../support/fake';

fakeWorld();

test('"Client Integration": a handler that parses what it gets', () => {
  const [updateFileStatus, showNotification] = [vi.fn(), vi.fn()];
  const websocket: { on: (event: 'message', handler: (data: any) => void) => void } & HuleEduWebSocketClient =
    new HuleEduWebSocketClient('token');
  type SlotAssignmentData = any;

  // WebSocket event handler
  websocket.on('message', (data) => {
    const event = JSON.parse(data);

    switch (event.event) {
      case 'essay_slot_assigned':
        handleSlotAssignment(event.data);
        break;
      // ... other event types
    }
  });

  function handleSlotAssignment(data: SlotAssignmentData) {
    // Update UI to show file → essay mapping
    updateFileStatus(data.file_upload_id, {
      status: 'assigned',
      essayId: data.essay_id,
      slotIndex: data.slot_index
    });

    // Show notification
    showNotification(`File "${data.filename}" assigned to essay slot`);
  }

  websocket.connect();
  FakeWebSocket.last.open().says({
    event: 'essay_slot_assigned',
    data: { batch_id: 'batch-123', essay_id: 'essay-456', file_upload_id: 'upload-789', filename: 'student_essay.txt', slot_index: 3 },
  });
  expect(updateFileStatus).toHaveBeenCalledWith('upload-789', { status: 'assigned', essayId: 'essay-456', slotIndex: 3 });
  expect(showNotification).toHaveBeenCalledWith('File "student_essay.txt" assigned to essay slot');
});
