/** The events of the orchestrator's bus, as sent on `/v2/events`. */
import { Type, type Static, type TProperties } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';
import { TaskState } from '../mesos/task.ts';
import { AppDefinition, HealthCheck } from './app.ts';
import { GroupInfo } from './answers.ts';
import { DeploymentStepInfo, ShownAction } from './deployment.ts';

function event<const Name extends string, Properties extends TProperties>(eventType: Name, properties: Properties) {
  return Type.Object({ eventType: Type.Literal(eventType), timestamp: Type.String(), ...properties });
}

/** The condition of an instance. */
export const InstanceCondition = stringEnum([
  'Scheduled',
  'Provisioned',
  'Staging',
  'Starting',
  'Running',
  'Killing',
  'Killed',
  'Finished',
  'Failed',
  'Error',
  'Dropped',
  'Gone',
  'Unknown',
  'Unreachable',
  'UnreachableInactive',
]);
export type InstanceCondition = Static<typeof InstanceCondition>;

/**
 * The plan of a deployment as events carry it. `original` and `target` are the root group before and after it; only
 * streams that ask for `plan-format=full` get them.
 */
export const DeploymentPlanInfo = Type.Object({
  id: Type.String(),
  version: Type.String(),
  steps: Type.Array(DeploymentStepInfo),
  original: Type.Optional(GroupInfo),
  target: Type.Optional(GroupInfo),
});
export type DeploymentPlanInfo = Static<typeof DeploymentPlanInfo>;

const CurrentStep = Type.Object({
  actions: Type.Array(ShownAction),
});

/** Why an instance serves or does not. */
export const ServingReason = stringEnum([
  'serving',
  'starting',
  'unhealthy',
  'health-unknown',
  'not-ready',
  'draining',
  'frozen',
  'killing',
  'unreachable',
  'ended',
]);
export type ServingReason = Static<typeof ServingReason>;

/** Every event, told apart by `eventType`. `timestamp` is `yyyy-MM-ddTHH:mm:ss.SSSZ`. */
export const OrchestratorEvent = Type.Union([
  /** An executor that an app brought says something: bytes as numbers. */
  Type.Object({
    eventType: Type.Literal('framework_message_event'),
    timestamp: Type.String(),
    executorId: Type.String(),
    slaveId: Type.String(),
    message: Type.Array(Type.Integer()),
  }),
  event('api_post_event', { clientIp: Type.String(), uri: Type.String(), appDefinition: AppDefinition }),
  event('pod_created_event', { clientIp: Type.String(), uri: Type.String() }),
  event('pod_updated_event', { clientIp: Type.String(), uri: Type.String() }),
  event('pod_deleted_event', { clientIp: Type.String(), uri: Type.String() }),
  event('status_update_event', {
    slaveId: Type.String(),
    taskId: Type.String(),
    taskStatus: TaskState,
    message: Type.String(),
    appId: Type.String(),
    host: Type.String(),
    ipAddresses: Type.Array(Type.Object({ ipAddress: Type.String(), protocol: Type.String() })),
    ports: Type.Array(Type.Integer()),
    version: Type.String(),
  }),
  event('instance_changed_event', {
    instanceId: Type.String(),
    condition: InstanceCondition,
    runSpecId: Type.String(),
    agentId: Type.Optional(Type.String()),
    host: Type.Optional(Type.String()),
    runSpecVersion: Type.String(),
  }),
  event('instance_health_changed_event', {
    instanceId: Type.String(),
    runSpecId: Type.String(),
    healthy: Type.Union([Type.Boolean(), Type.Null()]),
    runSpecVersion: Type.String(),
  }),
  event('unknown_instance_terminated_event', {
    instanceId: Type.String(),
    runSpecId: Type.String(),
    condition: InstanceCondition,
  }),
  event('health_status_changed_event', {
    appId: Type.String(),
    instanceId: Type.String(),
    version: Type.String(),
    alive: Type.Boolean(),
  }),
  event('failed_health_check_event', { appId: Type.String(), taskId: Type.String(), healthCheck: HealthCheck }),
  event('add_health_check_event', { appId: Type.String(), version: Type.String(), healthCheck: HealthCheck }),
  event('remove_health_check_event', { appId: Type.String() }),
  event('unhealthy_instance_kill_event', {
    appId: Type.String(),
    taskId: Type.String(),
    instanceId: Type.String(),
    version: Type.String(),
    reason: Type.String(),
    host: Type.String(),
    slaveId: Type.Optional(Type.String()),
  }),
  event('app_terminated_event', { appId: Type.String() }),
  event('group_change_success', { groupId: Type.String(), version: Type.String() }),
  event('group_change_failed', { groupId: Type.String(), version: Type.String(), reason: Type.String() }),
  event('deployment_info', { plan: DeploymentPlanInfo, currentStep: CurrentStep }),
  event('deployment_step_success', { plan: DeploymentPlanInfo, currentStep: CurrentStep }),
  event('deployment_step_failure', { plan: DeploymentPlanInfo, currentStep: CurrentStep }),
  event('deployment_success', { id: Type.String(), plan: DeploymentPlanInfo }),
  event('deployment_failed', { id: Type.String(), plan: DeploymentPlanInfo, reason: Type.Optional(Type.String()) }),
  event('event_stream_attached', { remoteAddress: Type.String() }),
  event('event_stream_detached', { remoteAddress: Type.String() }),
  event('scheduler_registered_event', { frameworkId: Type.String(), master: Type.String() }),
  event('scheduler_reregistered_event', { master: Type.String() }),
  event('scheduler_disconnected_event', {}),
  /**
   * Stadion's own, and the first thing that a reader is sent who comes back with a `Last-Event-ID` after which not everything
   * is known any more: what has to be read anew to be as far as the events that follow.
   */
  event('events_lost_event', {
    lastEventId: Type.String(),
    /** `other-server`: the events were those of a process that ended, or of another leader. `too-long-ago`: too many since. */
    reason: stringEnum(['other-server', 'too-long-ago']),
    message: Type.String(),
    readAnew: Type.Array(Type.String()),
  }),
  /** Stadion's own: what to name and route to has changed. */
  event('instance_serving_changed_event', {
    instanceId: Type.String(),
    taskId: Type.String(),
    runSpecId: Type.String(),
    serving: Type.Boolean(),
    draining: Type.Boolean(),
    reason: ServingReason,
  }),
]);
export type OrchestratorEvent = Static<typeof OrchestratorEvent>;

/** An event with the id that the stream gives it; a reader that has seen it passes it over. */
export const RecentEvent = Type.Object({ id: Type.String(), event: OrchestratorEvent });
export type RecentEvent = Static<typeof RecentEvent>;

/**
 * Events that Marathon does not know. They are sent to those who name them or ask for extensions: some of its clients
 * give up at a type that they do not know.
 */
export const extensionEventTypes: ReadonlySet<string> = new Set<OrchestratorEvent['eventType']>([
  'instance_serving_changed_event',
  'events_lost_event',
]);
