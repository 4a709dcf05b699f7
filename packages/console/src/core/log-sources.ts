/** Whose logs can be read: the tasks of an app or pod that run, and those that ended and are still known. */
import { sandboxPath, type StateTask } from '@stadion/contract/mesos-state';
import type { AppInfo } from '@stadion/contract/orchestrator';
import type { PodStatus } from '@stadion/contract/orchestrator-pods';
import { wroteWithin } from './log-view.ts';
import { momentOf, type LogsSearch } from './logs-search.ts';
import type { LogSource } from './merged-log.ts';
import { isTaskOf, taskName } from './task-row.ts';

/** What is known about tasks beside the app or pod itself. */
export interface TaskKnowledge {
  /** Of the framework that launched them. */
  readonly frameworkId: string;
  /** The latest tasks of the cluster, ended ones included. */
  readonly recent: readonly StateTask[];
  /** The versions of the app or pod, newest first. */
  readonly versions: readonly string[];
}

type Placed = Pick<StateTask, 'id' | 'framework_id' | 'executor_id' | 'slave_id'>;

const ENDED = /FINISHED|FAILED|KILLED|ERROR|LOST|DROPPED|GONE$/;
/** `<pod>.instance-<uuid>.<container>.<launch>`: the executor's id is the same without the container. */
const POD_TASK = /^(.*\.instance-[0-9a-f-]{36})\.(.+)\.(\d+)$/;

/** The logs of an app: of tasks that run, the latest first, then of those that ended. */
export function appSources(app: Pick<AppInfo, 'id' | 'tasks'>, known: TaskKnowledge): readonly LogSource[] {
  const running = new Map((app.tasks ?? []).map((task) => [task.id, task]));
  const found = known.recent.filter(({ id }) => isTaskOf(id, app.id) && !POD_TASK.test(id.replace('._app.', '')));
  const seen = new Set(found.map(({ id }) => id));
  const older = [...running.values()].flatMap(({ id, slaveId, startedAt }) =>
    slaveId === undefined || startedAt === undefined || seen.has(id)
      ? []
      : [placed({ id, framework_id: known.frameworkId, executor_id: '', slave_id: slaveId }, Date.parse(startedAt))],
  );
  return newestFirst([...found.map(ofState), ...older]).map((source) =>
    withVersion(source, running.get(source.taskId)?.version, known.versions),
  );
}

/** The logs of all containers of a pod, in the same order. */
export function podSources(pod: Pick<PodStatus, 'id' | 'instances'>, known: TaskKnowledge): readonly LogSource[] {
  const found = known.recent.filter(({ id }) => isTaskOf(id, pod.id));
  const seen = new Set(found.map(({ id }) => id));
  const versions = new Map<string, string>();
  const older = pod.instances.flatMap(({ agentId, containers, specReference, statusSince }) =>
    containers.flatMap(({ containerId: id }) => {
      versions.set(id, specReference.slice(specReference.lastIndexOf('::versions/') + '::versions/'.length));
      const parts = POD_TASK.exec(id);
      if (agentId === undefined || parts === null || seen.has(id)) return [];
      const executor = `${parts[1] ?? ''}.${parts[3] ?? ''}`;
      const task = { id, framework_id: known.frameworkId, executor_id: executor, slave_id: agentId };
      return [placed(task, Date.parse(statusSince))];
    }),
  );
  return newestFirst([...found.map(ofState), ...older]).map((source) => {
    const container = POD_TASK.exec(source.taskId)?.[2] ?? '';
    return {
      ...withVersion(source, versions.get(source.taskId), known.versions),
      container,
      name: `${source.name} ${container}`,
    };
  });
}

/** Those that one wants to look at. */
export function wantedSources(sources: readonly LogSource[], search: LogsSearch): readonly LogSource[] {
  const { instance, version, container } = search;
  const times = { since: momentOf(search.since), until: momentOf(search.until) };
  return sources.filter(
    (source) =>
      (instance?.includes(source.taskId) ?? true) &&
      (version?.includes(source.version ?? '') ?? true) &&
      (container?.includes(source.container ?? '') ?? true) &&
      wroteWithin(source, times),
  );
}

function ofState(task: StateTask): LogSource {
  const begun = task.statuses[0]?.timestamp;
  const last = task.statuses.at(-1)?.timestamp;
  const source = placed(task, begun === undefined ? undefined : begun * 1000);
  return ENDED.test(task.state) && last !== undefined ? { ...source, endedAt: last * 1000 } : source;
}

function placed(task: Placed, startedAt: number | undefined): LogSource {
  return {
    taskId: task.id,
    agentId: task.slave_id,
    path: sandboxPath(task),
    name: nameOf(task.id),
    ...(startedAt === undefined ? {} : { startedAt }),
  };
}

/** As people call its instance, and from its second launch on also which launch it is: several of one instance are listed. */
function nameOf(taskId: string): string {
  const launch = taskId.slice(taskId.lastIndexOf('.') + 1);
  return launch === '1' ? taskName(taskId) : `${taskName(taskId)}.${launch}`;
}

/** A task that is gone ran the newest version of when it was launched, as far as anybody still knows. */
function withVersion(source: LogSource, version: string | undefined, versions: readonly string[]): LogSource {
  const { startedAt } = source;
  const found =
    version ?? (startedAt === undefined ? undefined : versions.find((made) => Date.parse(made) <= startedAt + 1));
  return found === undefined ? source : { ...source, version: found };
}

/** Those that run first: of an app whose instances fail one after the other many more have ended. */
function newestFirst(sources: readonly LogSource[]): readonly LogSource[] {
  const isOver = ({ endedAt }: LogSource): number => (endedAt === undefined ? 0 : 1);
  return [...sources].sort(
    (left, right) => isOver(left) - isOver(right) || (right.startedAt ?? 0) - (left.startedAt ?? 0),
  );
}
