/** The shapes of what an agent writes down, with validators: a record that does not fit spoils only itself. */
import { Type, type Static } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { CheckpointedResources } from '@stadion/contract/agent-link';
import { CheckStatusInfo, ExecutorInfo } from '@stadion/contract/mesos-workload';
import { FrameworkInfo, TaskInfo, TaskStatus } from '@stadion/contract/mesos';
import { HealthState } from './health-check.ts';
import type { Task } from './task.ts';
import { VolumeId } from './volumes.ts';

/** Raised when a shape changes in a way that old readers would misread. */
const FORMAT = 1;

const ReadinessStateRecord = Type.Object({
  asked: Type.Boolean(),
  ready: Type.Boolean(),
  response: Type.Optional(Type.Object({ status: Type.Integer(), contentType: Type.String(), body: Type.String() })),
});

const StoredTask = Type.Object({
  frameworkId: Type.String(),
  containerId: Type.String(),
  info: TaskInfo,
  pod: Type.Optional(Type.Object({ podId: Type.String(), executor: ExecutorInfo, hasSeveralUsers: Type.Boolean() })),
  phase: Type.Union([
    Type.Literal('staged'),
    Type.Literal('starting'),
    Type.Literal('running'),
    Type.Literal('killing'),
    Type.Literal('ended'),
  ]),
  kill: Type.Optional(
    Type.Object({
      cause: Type.Union([
        Type.Literal('asked'),
        Type.Literal('unhealthy'),
        Type.Literal('too-long'),
        Type.Literal('pod'),
        Type.Literal('unregistered'),
        Type.Literal('unreturned'),
        Type.Literal('preempted'),
      ]),
      deadline: Type.Number(),
    }),
  ),
  runningSince: Type.Optional(Type.Number()),
  endedAt: Type.Optional(Type.Number()),
  latest: Type.Optional(TaskStatus),
  updates: Type.Array(TaskStatus),
  health: Type.Array(HealthState),
  readiness: Type.Array(ReadinessStateRecord),
  checkStatus: Type.Optional(CheckStatusInfo),
  runs: Type.Optional(ExecutorInfo),
  reported: Type.Optional(Type.Array(Type.String())),
});

const TaskRecord = Type.Object({ format: Type.Literal(FORMAT), agentId: Type.String(), task: StoredTask });

const AgentRecord = Type.Object({ format: Type.Literal(FORMAT), agentId: Type.String() });
const FrameworkRecord = Type.Object({ format: Type.Literal(FORMAT), framework: FrameworkInfo });

const ResourcesRecord = Type.Object({
  format: Type.Literal(FORMAT),
  checkpointed: CheckpointedResources,
  wiping: Type.Array(VolumeId),
});

const taskRecordCheck = TypeCompiler.Compile(TaskRecord);
const agentRecordCheck = TypeCompiler.Compile(AgentRecord);
const resourcesRecordCheck = TypeCompiler.Compile(ResourcesRecord);
const frameworkRecordCheck = TypeCompiler.Compile(FrameworkRecord);

/** The key of the agent's own record. */
export const AGENT_KEY = 'agent';

/** The key of the record of reservations and volumes. */
export const RESOURCES_KEY = 'resources';

/** The key of a framework's record. */
export function frameworkKey(frameworkId: string): string {
  return `framework/${frameworkId}`;
}

/** The key of a task's record; containers have unique names, task ids only within a framework. */
export function taskKey(containerId: string): string {
  return `task/${containerId}`;
}

/** What is written about the agent. */
export function toAgentRecord(agentId: string): object {
  return { format: FORMAT, agentId } satisfies Static<typeof AgentRecord>;
}

/**
 * What is written about reservations and volumes.
 * @param wiping volumes that are given up, until nothing of them is left
 */
export function toResourcesRecord(checkpointed: CheckpointedResources, wiping: readonly VolumeId[]): object {
  return { format: FORMAT, checkpointed, wiping };
}

/** What is written about a framework. */
export function toFrameworkRecord(framework: FrameworkInfo): object {
  return { format: FORMAT, framework } satisfies Static<typeof FrameworkRecord>;
}

/** What is written about a task: the task itself, which is never changed, so that keeping it costs no copy. */
export function toTaskRecord(task: Task, agentId: string): object {
  return { format: FORMAT, agentId, task };
}

/** One record understood, or a sentence about what is wrong with it. */
export type ReadRecord =
  | { readonly kind: 'agent'; readonly agentId: string }
  | { readonly kind: 'framework'; readonly framework: FrameworkInfo }
  | { readonly kind: 'task'; readonly agentId: string; readonly task: Task }
  | {
      readonly kind: 'resources';
      readonly checkpointed: CheckpointedResources;
      readonly wiping: readonly VolumeId[];
    }
  | { readonly kind: 'damaged'; readonly problem: string };

/** Reads a record by its key. */
export function readRecord(key: string, value: unknown): ReadRecord {
  if (key === AGENT_KEY) {
    return agentRecordCheck.Check(value)
      ? { kind: 'agent', agentId: value.agentId }
      : damaged(agentRecordCheck.Errors(value).First());
  }
  if (key === RESOURCES_KEY) {
    return resourcesRecordCheck.Check(value)
      ? { kind: 'resources', checkpointed: value.checkpointed, wiping: value.wiping }
      : damaged(resourcesRecordCheck.Errors(value).First());
  }
  if (key.startsWith('framework/')) {
    return frameworkRecordCheck.Check(value)
      ? { kind: 'framework', framework: value.framework }
      : damaged(frameworkRecordCheck.Errors(value).First());
  }
  if (!key.startsWith('task/')) return { kind: 'damaged', problem: 'a record of an unknown kind' };
  if (!taskRecordCheck.Check(value)) return damaged(taskRecordCheck.Errors(value).First());
  const { task } = value;
  return {
    kind: 'task',
    agentId: value.agentId,
    task: {
      ...task,
      // Absent in JSON, always there in memory: all tasks have one shape.
      pod: task.pod,
      kill: task.kill,
      runningSince: task.runningSince,
      endedAt: task.endedAt,
      latest: task.latest,
    },
  };
}

function damaged(error: { readonly path: string; readonly message: string } | undefined): ReadRecord {
  return { kind: 'damaged', problem: `${error?.path ?? ''}: ${error?.message ?? 'does not fit'}` };
}
