/** The v1 executor API (`mesos.v1.executor`): what an agent and the custom executor of a framework say to each other. */
import { Type, type Static } from '@sinclair/typebox';
import { FrameworkInfo } from './scheduler.ts';
import { Attribute, DomainInfo, IdValue, Resource } from './resources.ts';
import { ExecutorInfo, TaskGroupInfo, TaskInfo, TaskStatus } from './task.ts';

/** Every call says whose it is. */
const Caller = { executor_id: IdValue, framework_id: IdValue };

/** A call of an executor. */
export const ExecutorCall = Type.Union([
  Type.Object({
    type: Type.Literal('SUBSCRIBE'),
    ...Caller,
    /** What it was given and what it said that was never acknowledged, as far as it knows. */
    subscribe: Type.Optional(
      Type.Object({
        unacknowledged_tasks: Type.Array(TaskInfo),
        unacknowledged_updates: Type.Array(Type.Object({ status: TaskStatus })),
      }),
    ),
  }),
  /** Sent again until ACKNOWLEDGED: 202 says only that it was read. */
  Type.Object({ type: Type.Literal('UPDATE'), ...Caller, update: Type.Object({ status: TaskStatus }) }),
  Type.Object({ type: Type.Literal('MESSAGE'), ...Caller, message: Type.Object({ data: Type.String() }) }),
  Type.Object({ type: Type.Literal('HEARTBEAT'), ...Caller }),
]);
export type ExecutorCall = Static<typeof ExecutorCall>;

/** `mesos.v1.AgentInfo`. */
const ExecutorsAgentInfo = Type.Object({
  id: IdValue,
  hostname: Type.String(),
  port: Type.Integer(),
  resources: Type.Array(Resource),
  attributes: Type.Array(Attribute),
  domain: Type.Optional(DomainInfo),
});

/** An event to an executor. */
export const ExecutorEvent = Type.Union([
  Type.Object({
    type: Type.Literal('SUBSCRIBED'),
    subscribed: Type.Object({
      executor_info: ExecutorInfo,
      framework_info: FrameworkInfo,
      agent_info: ExecutorsAgentInfo,
      container_id: IdValue,
    }),
  }),
  Type.Object({ type: Type.Literal('LAUNCH'), launch: Type.Object({ task: TaskInfo }) }),
  Type.Object({ type: Type.Literal('LAUNCH_GROUP'), launch_group: Type.Object({ task_group: TaskGroupInfo }) }),
  Type.Object({
    type: Type.Literal('KILL'),
    kill: Type.Object({
      task_id: IdValue,
      kill_policy: Type.Object({ grace_period: Type.Object({ nanoseconds: Type.Number() }) }),
    }),
  }),
  Type.Object({
    type: Type.Literal('ACKNOWLEDGED'),
    acknowledged: Type.Object({ task_id: IdValue, uuid: Type.String() }),
  }),
  Type.Object({ type: Type.Literal('MESSAGE'), message: Type.Object({ data: Type.String() }) }),
  Type.Object({ type: Type.Literal('ERROR'), error: Type.Object({ message: Type.String() }) }),
  Type.Object({ type: Type.Literal('SHUTDOWN') }),
  Type.Object({ type: Type.Literal('HEARTBEAT') }),
]);
export type ExecutorEvent = Static<typeof ExecutorEvent>;
