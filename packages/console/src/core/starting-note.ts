/** How far the start of a task is, from what it told of it last. */
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';

/** In one sentence, and in a few words where there is little room. */
export interface StartingNote {
  readonly sentence: string;
  readonly short: string;
}

/** @param events newest last @returns undefined when it is not starting, or says nothing of it */
export function startingNote(
  events: readonly { readonly event: OrchestratorEvent }[],
  taskId: string,
): StartingNote | undefined {
  const last = events.findLast(
    ({ event }) => event.eventType === 'status_update_event' && event.taskId === taskId,
  )?.event;
  if (last?.eventType !== 'status_update_event') return undefined;
  const { taskStatus, message } = last;
  if ((taskStatus !== 'TASK_STARTING' && taskStatus !== 'TASK_STAGING') || message === '') return undefined;
  const percent = /: (\d+ %),/.exec(message)?.[1];
  return { sentence: message, short: percent === undefined ? 'Pulling' : `Pulling ${percent}` };
}
