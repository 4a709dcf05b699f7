import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import { expect, it } from 'vitest';
import { startingNote } from './starting-note.ts';

const told = (
  taskId: string,
  taskStatus: 'TASK_STARTING' | 'TASK_RUNNING',
  message: string,
): { event: OrchestratorEvent } => {
  const rest = { slaveId: '', appId: '/web', host: 'h', ipAddresses: [], ports: [], version: '', timestamp: '' };
  return { event: { eventType: 'status_update_event', taskId, taskStatus, message, ...rest } };
};

it('the start of a task is as far as it said last, until it runs', () => {
  const sentence = 'Pulling the image host:5000/app:1: 43 %, 12 of 28 MB';
  const events = [told('a', 'TASK_STARTING', 'Pulling the image host:5000/app:1'), told('b', 'TASK_RUNNING', '')];
  expect(startingNote(events, 'a')).toEqual({ sentence: 'Pulling the image host:5000/app:1', short: 'Pulling' });
  const later = [...events, told('a', 'TASK_STARTING', sentence)];
  expect(startingNote(later, 'a')).toEqual({ sentence, short: 'Pulling 43 %' });
  expect(startingNote([...later, told('a', 'TASK_STARTING', '')], 'a')).toBeUndefined();
  expect(startingNote([...later, told('a', 'TASK_RUNNING', '')], 'a')).toBeUndefined();
  expect(startingNote(later, 'b')).toBeUndefined();
});
