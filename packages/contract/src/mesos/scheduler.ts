/** Calls and events between a framework and the master: the Mesos v1 scheduler API as objects. */
import { Type, type Static } from '@sinclair/typebox';
import { OfferConstraints, OfferFilters } from './offer-constraints.ts';
import { OperationStatus } from './operation-status.ts';
import { stringEnum } from '../string-enum.ts';
import { Attribute, DomainInfo, IdValue, Labels, Resource, Unavailability } from './resources.ts';
import { ExecutorInfo, TaskGroupInfo, TaskInfo, TaskStatus } from './task.ts';

/** What a framework may understand beyond the basics. */
export const FrameworkCapability = stringEnum([
  'REVOCABLE_RESOURCES',
  'TASK_KILLING_STATE',
  'GPU_RESOURCES',
  'SHARED_RESOURCES',
  'PARTITION_AWARE',
  'MULTI_ROLE',
  'RESERVATION_REFINEMENT',
  'REGION_AWARE',
]);
export type FrameworkCapability = Static<typeof FrameworkCapability>;

/** Who a framework is. `failover_timeout` is in seconds. */
export const FrameworkInfo = Type.Object({
  user: Type.String(),
  name: Type.String(),
  id: Type.Optional(IdValue),
  failover_timeout: Type.Optional(Type.Number()),
  checkpoint: Type.Optional(Type.Boolean()),
  role: Type.Optional(Type.String()),
  roles: Type.Optional(Type.Array(Type.String())),
  hostname: Type.Optional(Type.String()),
  principal: Type.Optional(Type.String()),
  webui_url: Type.Optional(Type.String()),
  capabilities: Type.Optional(Type.Array(Type.Object({ type: FrameworkCapability }))),
  labels: Type.Optional(Labels),
  /** By role. */
  offer_filters: Type.Optional(Type.Record(Type.String(), OfferFilters)),
});
export type FrameworkInfo = Static<typeof FrameworkInfo>;

const AgentUrl = Type.Object({
  scheme: Type.String(),
  address: Type.Object({ hostname: Type.String(), ip: Type.String(), port: Type.Integer() }),
  path: Type.String(),
});

/** Free resources of one agent, for one role of one framework. */
export const Offer = Type.Object({
  id: IdValue,
  framework_id: IdValue,
  agent_id: IdValue,
  hostname: Type.String(),
  url: Type.Optional(AgentUrl),
  /** When its machine is planned to be out of service. */
  unavailability: Type.Optional(Unavailability),
  domain: Type.Optional(DomainInfo),
  resources: Type.Array(Resource),
  attributes: Type.Array(Attribute),
  /** Executors of the framework that are on the agent already, custom or of pods. */
  executor_ids: Type.Optional(Type.Array(IdValue)),
  allocation_info: Type.Object({ role: Type.String() }),
  /** Stadion's own: the agent's working containerizers (`AgentInfo.containerizers`). */
  containerizers: Type.Optional(Type.Array(Type.String())),
});
export type Offer = Static<typeof Offer>;

/** A request to leave an agent before its machine is out of service. */
const InverseOffer = Type.Object({
  id: IdValue,
  url: Type.Optional(AgentUrl),
  framework_id: IdValue,
  agent_id: IdValue,
  unavailability: Unavailability,
});

/** How long refused resources are not offered again; default 5 seconds. */
export const Filters = Type.Object({ refuse_seconds: Type.Optional(Type.Number()) });
export type Filters = Static<typeof Filters>;

/** With an id, what becomes of an operation is told; those that launch have none. */
const Named = { id: Type.Optional(IdValue) };

/**
 * What to do with an offer. Operations apply in order, each seeing what the ones before made of the resources:
 * RESERVE, CREATE, LAUNCH in one call is the usual way to a task with a volume. LAUNCH_GROUP launches all or none.
 */
export const OfferOperation = Type.Union([
  Type.Object({
    type: Type.Literal('LAUNCH'),
    ...Named,
    launch: Type.Object({ task_infos: Type.Array(TaskInfo) }),
  }),
  Type.Object({
    type: Type.Literal('LAUNCH_GROUP'),
    ...Named,
    launch_group: Type.Object({ executor: ExecutorInfo, task_group: TaskGroupInfo }),
  }),
  Type.Object({
    type: Type.Literal('RESERVE'),
    ...Named,
    reserve: Type.Object({ resources: Type.Array(Resource) }),
  }),
  Type.Object({
    type: Type.Literal('UNRESERVE'),
    ...Named,
    unreserve: Type.Object({ resources: Type.Array(Resource) }),
  }),
  Type.Object({ type: Type.Literal('CREATE'), ...Named, create: Type.Object({ volumes: Type.Array(Resource) }) }),
  Type.Object({ type: Type.Literal('DESTROY'), ...Named, destroy: Type.Object({ volumes: Type.Array(Resource) }) }),
  Type.Object({
    type: Type.Literal('GROW_VOLUME'),
    ...Named,
    grow_volume: Type.Object({ volume: Resource, addition: Resource }),
  }),
  Type.Object({
    type: Type.Literal('SHRINK_VOLUME'),
    ...Named,
    shrink_volume: Type.Object({ volume: Resource, subtract: Type.Object({ value: Type.Number() }) }),
  }),
  /** Disks of storage providers, which there are none of: refused, and said so where there is an id. */
  Type.Object({ type: Type.Literal('CREATE_DISK'), ...Named }),
  Type.Object({ type: Type.Literal('DESTROY_DISK'), ...Named }),
]);
export type OfferOperation = Static<typeof OfferOperation>;

/** The tasks that an operation launches: none for those on resources. */
export function launchedTasks(operation: OfferOperation): readonly TaskInfo[] {
  if (operation.type === 'LAUNCH') return operation.launch.task_infos;
  return operation.type === 'LAUNCH_GROUP' ? operation.launch_group.task_group.tasks : [];
}

const Rest = { framework_id: IdValue };
const AnswerToInverseOffers = Type.Object({
  inverse_offer_ids: Type.Array(IdValue),
  filters: Type.Optional(Filters),
});
/** What a framework and one of its custom executors say to each other; `data` is base64. */
const ExecutorMessage = Type.Object({ agent_id: IdValue, executor_id: IdValue, data: Type.String() });
const TaskReference = Type.Object({ task_id: IdValue, agent_id: Type.Optional(IdValue) });

/** A call of a framework; every one but a first SUBSCRIBE carries the framework's id. */
export const SchedulerCall = Type.Union([
  Type.Object({
    type: Type.Literal('SUBSCRIBE'),
    framework_id: Type.Optional(IdValue),
    subscribe: Type.Object({
      framework_info: FrameworkInfo,
      suppressed_roles: Type.Optional(Type.Array(Type.String())),
      offer_constraints: Type.Optional(OfferConstraints),
    }),
  }),
  Type.Object({ type: Type.Literal('TEARDOWN'), ...Rest }),
  Type.Object({
    type: Type.Literal('ACCEPT'),
    ...Rest,
    accept: Type.Object({
      offer_ids: Type.Array(IdValue),
      operations: Type.Array(OfferOperation),
      filters: Type.Optional(Filters),
    }),
  }),
  Type.Object({
    type: Type.Literal('DECLINE'),
    ...Rest,
    decline: Type.Object({ offer_ids: Type.Array(IdValue), filters: Type.Optional(Filters) }),
  }),
  Type.Object({
    type: Type.Literal('ACCEPT_INVERSE_OFFERS'),
    ...Rest,
    accept_inverse_offers: AnswerToInverseOffers,
  }),
  Type.Object({
    type: Type.Literal('DECLINE_INVERSE_OFFERS'),
    ...Rest,
    decline_inverse_offers: AnswerToInverseOffers,
  }),
  Type.Object({
    type: Type.Literal('UPDATE_FRAMEWORK'),
    ...Rest,
    update_framework: Type.Object({
      framework_info: FrameworkInfo,
      suppressed_roles: Type.Optional(Type.Array(Type.String())),
      offer_constraints: Type.Optional(OfferConstraints),
    }),
  }),
  Type.Object({
    type: Type.Literal('REVIVE'),
    ...Rest,
    revive: Type.Optional(Type.Object({ roles: Type.Optional(Type.Array(Type.String())) })),
  }),
  Type.Object({
    type: Type.Literal('SUPPRESS'),
    ...Rest,
    suppress: Type.Optional(Type.Object({ roles: Type.Optional(Type.Array(Type.String())) })),
  }),
  Type.Object({
    type: Type.Literal('KILL'),
    ...Rest,
    kill: Type.Object({
      task_id: IdValue,
      agent_id: Type.Optional(IdValue),
      kill_policy: Type.Optional(
        Type.Object({ grace_period: Type.Optional(Type.Object({ nanoseconds: Type.Number() })) }),
      ),
    }),
  }),
  Type.Object({
    type: Type.Literal('ACKNOWLEDGE'),
    ...Rest,
    acknowledge: Type.Object({ agent_id: IdValue, task_id: IdValue, uuid: Type.String() }),
  }),
  Type.Object({
    type: Type.Literal('ACKNOWLEDGE_OPERATION_STATUS'),
    ...Rest,
    acknowledge_operation_status: Type.Object({
      agent_id: Type.Optional(IdValue),
      operation_id: IdValue,
      uuid: Type.String(),
    }),
  }),
  Type.Object({
    type: Type.Literal('RECONCILE_OPERATIONS'),
    ...Rest,
    reconcile_operations: Type.Object({
      operations: Type.Array(Type.Object({ operation_id: IdValue, agent_id: Type.Optional(IdValue) })),
    }),
  }),
  /** A wish for resources. As in Mesos nothing is done about it. */
  Type.Object({ type: Type.Literal('REQUEST'), ...Rest }),
  /** Ends a custom executor with all its tasks. */
  Type.Object({
    type: Type.Literal('SHUTDOWN'),
    ...Rest,
    shutdown: Type.Object({ executor_id: IdValue, agent_id: IdValue }),
  }),
  /** Words for a custom executor, base64. They may be lost. */
  Type.Object({ type: Type.Literal('MESSAGE'), ...Rest, message: ExecutorMessage }),
  Type.Object({
    type: Type.Literal('RECONCILE'),
    ...Rest,
    reconcile: Type.Object({ tasks: Type.Array(TaskReference) }),
  }),
]);
export type SchedulerCall = Static<typeof SchedulerCall>;

/** Who the leading master is. */
export const MasterInfo = Type.Object({
  id: Type.String(),
  hostname: Type.String(),
  address: Type.Object({ hostname: Type.String(), ip: Type.String(), port: Type.Integer() }),
  pid: Type.String(),
  version: Type.String(),
});
export type MasterInfo = Static<typeof MasterInfo>;

/** An event to a framework. */
export const SchedulerEvent = Type.Union([
  Type.Object({
    type: Type.Literal('SUBSCRIBED'),
    subscribed: Type.Object({
      framework_id: IdValue,
      heartbeat_interval_seconds: Type.Number(),
      master_info: MasterInfo,
    }),
  }),
  Type.Object({ type: Type.Literal('OFFERS'), offers: Type.Object({ offers: Type.Array(Offer) }) }),
  Type.Object({ type: Type.Literal('RESCIND'), rescind: Type.Object({ offer_id: IdValue }) }),
  Type.Object({
    type: Type.Literal('INVERSE_OFFERS'),
    inverse_offers: Type.Object({ inverse_offers: Type.Array(InverseOffer) }),
  }),
  Type.Object({
    type: Type.Literal('RESCIND_INVERSE_OFFER'),
    rescind_inverse_offer: Type.Object({ inverse_offer_id: IdValue }),
  }),
  Type.Object({ type: Type.Literal('UPDATE'), update: Type.Object({ status: TaskStatus }) }),
  Type.Object({
    type: Type.Literal('UPDATE_OPERATION_STATUS'),
    update_operation_status: Type.Object({ status: OperationStatus }),
  }),
  Type.Object({ type: Type.Literal('MESSAGE'), message: ExecutorMessage }),
  Type.Object({
    type: Type.Literal('FAILURE'),
    failure: Type.Object({
      agent_id: Type.Optional(IdValue),
      executor_id: Type.Optional(IdValue),
      status: Type.Optional(Type.Integer()),
    }),
  }),
  Type.Object({ type: Type.Literal('ERROR'), error: Type.Object({ message: Type.String() }) }),
  Type.Object({ type: Type.Literal('HEARTBEAT') }),
]);
export type SchedulerEvent = Static<typeof SchedulerEvent>;

/**
 * The door through which a framework (the orchestrator, cron) reaches a master: in process or over HTTP.
 * Objects that pass are frozen by agreement: neither side changes them afterwards.
 */
export interface SchedulerConnection {
  /**
   * Opens the subscription. Events arrive in order, never inside a call of the receiver's own.
   * `onClosed` comes once per opened subscription, when the link is lost or superseded; subscribe again then.
   */
  subscribe(
    call: Extract<SchedulerCall, { type: 'SUBSCRIBE' }>,
    receiver: { onEvent(event: SchedulerEvent): void; onClosed(reason: string): void },
  ): void;
  /** Sends any other call. It is not an acknowledgement that the call had an effect: events tell. */
  send(call: Exclude<SchedulerCall, { type: 'SUBSCRIBE' }>): void;
  /** Ends the subscription without tearing the framework down. */
  close(): void;
}
