/** `/tasks`: tasks of all frameworks, running, unreachable and completed, a page at a time. */
import type { TaskRecord } from '../core/cluster/records.ts';
import type { ClusterView } from '../core/cluster/state.ts';
import { TASKS_PAGE_MAX, TASKS_PER_ANSWER_SLICE } from '../limits.ts';
import { arrayPieces, objectPieces } from './json-pieces.ts';
import { taskJson } from './shapes/task-json.ts';

/** Which tasks are asked for. */
export interface TaskQuery {
  readonly limit: number;
  readonly offset: number;
  readonly order: 'asc' | 'des';
  readonly frameworkId: string | undefined;
  readonly taskId: string | undefined;
}

/**
 * Reads the query of `/tasks`: `limit` (100), `offset` (0), `order` (des), `framework_id`, `task_id`.
 * @returns a sentence when a number is none
 */
export function parseTaskQuery(query: Readonly<Record<string, string | undefined>>): TaskQuery | string {
  const limit = wholeNumber(query['limit'], 100);
  const offset = wholeNumber(query['offset'], 0);
  if (limit === undefined) return `Failed to parse limit '${query['limit'] ?? ''}': a whole number is expected`;
  if (offset === undefined) return `Failed to parse offset '${query['offset'] ?? ''}': a whole number is expected`;
  return {
    limit: Math.min(limit, TASKS_PAGE_MAX),
    offset,
    order: query['order'] === 'asc' ? 'asc' : 'des',
    frameworkId: query['framework_id'],
    taskId: query['task_id'],
  };
}

/** `{tasks}`, ordered by the time of the first status; tasks without one come before all others in ascending order. */
export function* tasksPieces(view: ClusterView, query: TaskQuery): Generator<string> {
  const tasks = select(view, query);
  const chosen = yield* page(tasks, query);
  yield* objectPieces({ tasks: arrayPieces(chosen, taskJson) });
}

/** The tasks as they are at one moment; a task that ends while the answer is written is in it once. */
function select(view: ClusterView, { frameworkId, taskId }: TaskQuery): TaskRecord[] {
  const tasks: TaskRecord[] = [];
  for (const list of [view.frameworks.values(), view.completedFrameworks]) {
    for (const framework of list) {
      if (frameworkId !== undefined && framework.id !== frameworkId) continue;
      if (taskId === undefined) {
        for (const task of framework.tasks.values()) tasks.push(task);
        for (const task of framework.unreachableTasks.values()) tasks.push(task);
        for (const task of framework.completedTasks) tasks.push(task);
        continue;
      }
      const live = framework.tasks.get(taskId) ?? framework.unreachableTasks.get(taskId);
      if (live !== undefined) tasks.push(live);
      for (const task of framework.completedTasks) if (task.id === taskId) tasks.push(task);
    }
  }
  return tasks;
}

/** Sorts times as plain numbers and then only the tasks of the page: a hundred thousand tasks take a few milliseconds. */
function* page(tasks: readonly TaskRecord[], { limit, offset, order }: TaskQuery): Generator<string, TaskRecord[]> {
  const size = Math.max(0, Math.min(limit, tasks.length - offset));
  if (size === 0) return [];
  const start = order === 'asc' ? offset : tasks.length - offset - size;
  const times = new Float64Array(tasks.length);
  for (const [index, task] of tasks.entries()) {
    times[index] = firstTime(task);
    if (index % TASKS_PER_ANSWER_SLICE === 0) yield '';
  }
  const sorted = times.slice().sort();
  yield '';
  const earliest = sorted[start] as number;
  const latest = sorted[start + size - 1] as number;
  const before = sorted.indexOf(earliest);
  const candidates: number[] = [];
  times.forEach((time, index) => {
    if (time >= earliest && time <= latest) candidates.push(index);
  });
  candidates.sort((left, right) => (times[left] as number) - (times[right] as number) || left - right);
  const chosen = candidates.slice(start - before, start - before + size).map((index) => tasks[index] as TaskRecord);
  return order === 'asc' ? chosen : chosen.reverse();
}

function firstTime(task: TaskRecord): number {
  let record = task.statuses;
  if (record === undefined) return 0;
  while (record.previous !== undefined) record = record.previous;
  return record.timestamp;
}

function wholeNumber(text: string | undefined, absent: number): number | undefined {
  if (text === undefined || text === '') return absent;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
