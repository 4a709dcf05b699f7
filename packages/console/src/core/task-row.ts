/** A task in a table, with what is worked out about it. */
import type { Task } from '@stadion/contract/orchestrator';
import type { AppHealth } from './app-state.ts';
import { shortInstance, stateWords, type EventTone } from './event-words.ts';

/** A port of a task that can be opened. */
export interface TaskEndpoint {
  readonly label: string;
  readonly url: string;
}

/** Its health: the worst of its checks. */
export function taskHealth({ healthCheckResults, state }: Task, isChecked: boolean): AppHealth {
  if (!isChecked || state !== 'TASK_RUNNING') return 'none';
  if (healthCheckResults.length === 0) return 'unknown';
  return healthCheckResults.every(({ alive }) => alive) ? 'healthy' : 'unhealthy';
}

/** Its state in a word: also when it is out of rotation while it runs. */
export function taskWords({ state, frozen, draining }: Task): { readonly tone: EventTone; readonly word: string } {
  if (frozen === true) return { tone: 'warn', word: 'Frozen' };
  if (draining === true) return { tone: 'warn', word: 'Draining' };
  return stateWords(state);
}

/** Whether it is on its way to run. */
export function isStarting({ state }: Task): boolean {
  return state === 'TASK_STARTING' || state === 'TASK_STAGING';
}

/** Where it listens, as far as a browser can open that. */
export function endpointsOf({ host, ports }: Task): readonly TaskEndpoint[] {
  return ports.map((port) => ({ label: `${host}:${String(port)}`, url: `http://${host}:${String(port)}/` }));
}

/** A short name that tells it from its like. */
export function taskName(id: string): string {
  return shortInstance(id);
}

/** Whether a task is one of an app's, by its id. */
export function isTaskOf(taskId: string, appId: string): boolean {
  return taskId.startsWith(`${appId.slice(1).replaceAll('/', '_')}.instance-`);
}

/** The latest moment that is known of it, as a timestamp text. */
export function updatedAt({ startedAt, stagedAt, healthCheckResults }: Task): string | undefined {
  const moments = [
    startedAt,
    stagedAt,
    ...healthCheckResults.flatMap(({ lastFailure, firstSuccess }) => [lastFailure, firstSuccess]),
  ];
  return moments
    .filter((at) => at !== undefined)
    .sort()
    .at(-1);
}
