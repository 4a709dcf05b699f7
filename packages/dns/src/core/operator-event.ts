/** Events of a master's operator stream (Mesos v1 `SUBSCRIBE`), as far as names need them. */
import type { RunningTask } from './cluster.ts';
import { readTask } from './read-state.ts';

type Json = Readonly<Record<string, unknown>>;

/** What an event means for names. `resync`: something changed that only a whole snapshot tells. */
export type OperatorNews =
  | { readonly kind: 'running'; readonly task: RunningTask }
  | { readonly kind: 'ended'; readonly taskId: string }
  | { readonly kind: 'resync' }
  | { readonly kind: 'nothing' };

const NOTHING: OperatorNews = { kind: 'nothing' };
const RESYNC: OperatorNews = { kind: 'resync' };

/** Tasks that were announced and have not run yet, or run and may change. */
const TASKS_MAX = 500_000;

/** Follows one stream: an update names only the task, so what was announced of it before is kept. */
export class OperatorEvents {
  private readonly announced = new Map<string, Json>();

  read(event: unknown): OperatorNews {
    if (!isObject(event)) return NOTHING;
    switch (event.type) {
      case 'TASK_ADDED':
        return this.added(isObject(event.task_added) ? event.task_added.task : undefined);
      case 'TASK_UPDATED':
        return this.updated(isObject(event.task_updated) ? event.task_updated : {});
      case 'AGENT_ADDED':
      case 'AGENT_REMOVED':
      case 'FRAMEWORK_ADDED':
      case 'FRAMEWORK_UPDATED':
      case 'FRAMEWORK_REMOVED':
        return RESYNC;
      default:
        return NOTHING;
    }
  }

  private added(task: unknown): OperatorNews {
    if (!isObject(task) || idOf(task.task_id) === '') return NOTHING;
    if (this.announced.size < TASKS_MAX) this.announced.set(idOf(task.task_id), task);
    return this.judge(idOf(task.task_id), task);
  }

  private updated(update: Json): OperatorNews {
    const status = isObject(update.status) ? update.status : {};
    const id = idOf(status.task_id);
    if (id === '') return NOTHING;
    const state = update.state ?? status.state;
    const known = this.announced.get(id);
    if (known === undefined) {
      if (state === 'TASK_RUNNING') return RESYNC;
      return { kind: 'ended', taskId: id };
    }
    const task = { ...known, state, statuses: [status] };
    if (isFinal(state)) this.announced.delete(id);
    else this.announced.set(id, task);
    return this.judge(id, task);
  }

  private judge(id: string, task: Json): OperatorNews {
    const running = readTask(legacyTask(id, task), idOf(task.framework_id));
    if (running !== undefined) return { kind: 'running', task: running };
    const isBefore = task.state === 'TASK_STAGING' || task.state === 'TASK_STARTING';
    return isBefore ? NOTHING : { kind: 'ended', taskId: id };
  }
}

/** A v1 task in the shape of `/state`. */
function legacyTask(id: string, task: Json): Json {
  return { ...task, id, slave_id: idOf(task.agent_id), resources: { ports: portRanges(task.resources) } };
}

function portRanges(resources: unknown): string {
  const ranges = (Array.isArray(resources) ? resources : []).flatMap((resource: unknown) => {
    if (!isObject(resource) || resource.name !== 'ports' || !isObject(resource.ranges)) return [];
    const list = Array.isArray(resource.ranges.range) ? resource.ranges.range : [];
    return list.flatMap((range: unknown) =>
      isObject(range) ? [`${String(Number(range.begin))}-${String(Number(range.end))}`] : [],
    );
  });
  return `[${ranges.join(', ')}]`;
}

function isFinal(state: unknown): boolean {
  return !['TASK_STAGING', 'TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLING', 'TASK_UNREACHABLE'].includes(String(state));
}

function idOf(value: unknown): string {
  return isObject(value) && typeof value.value === 'string' ? value.value : '';
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
