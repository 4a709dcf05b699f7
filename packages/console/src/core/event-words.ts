/** What an event says, in words for people. */
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';

/** How much an event matters, and in which way. */
export type EventTone = 'good' | 'bad' | 'warn' | 'busy' | 'idle';

/** An event in words. */
export interface EventWords {
  readonly tone: EventTone;
  readonly title: string;
  readonly detail: string;
  /** The app that it is about. */
  readonly appId?: string;
  readonly taskId?: string;
  readonly deploymentId?: string;
}

const STATES: Readonly<Record<string, readonly [EventTone, string]>> = {
  TASK_STAGING: ['busy', 'Staging'],
  TASK_STARTING: ['busy', 'Starting'],
  TASK_RUNNING: ['good', 'Running'],
  TASK_KILLING: ['idle', 'Ending'],
  TASK_KILLED: ['idle', 'Ended on request'],
  TASK_FINISHED: ['idle', 'Finished'],
  TASK_FAILED: ['bad', 'Failed'],
  TASK_ERROR: ['bad', 'Refused'],
  TASK_LOST: ['bad', 'Lost'],
  TASK_DROPPED: ['bad', 'Dropped'],
  TASK_GONE: ['bad', 'Gone'],
  TASK_UNREACHABLE: ['warn', 'Out of contact'],
};

/** The tone and word of a task's state. */
export function stateWords(state: string): { readonly tone: EventTone; readonly word: string } {
  const [tone, word] = STATES[state] ?? ['idle', state.replace(/^TASK_/, '').toLowerCase()];
  return { tone, word };
}

/** Puts an event into words. */
export function wordsOf(event: OrchestratorEvent): EventWords {
  switch (event.eventType) {
    case 'status_update_event': {
      const { tone, word } = stateWords(event.taskStatus);
      const title = `Task ${word.toLowerCase()}`;
      return { tone, title, detail: event.message || `on ${event.host}`, appId: event.appId, taskId: event.taskId };
    }
    case 'instance_changed_event':
      return {
        tone: 'idle',
        title: `Instance ${event.condition.toLowerCase()}`,
        detail: event.host === undefined ? '' : `on ${event.host}`,
        appId: event.runSpecId,
      };
    case 'instance_health_changed_event':
      return {
        tone: event.healthy === true ? 'good' : event.healthy === false ? 'bad' : 'idle',
        title:
          event.healthy === true
            ? 'Instance healthy'
            : event.healthy === false
              ? 'Instance unhealthy'
              : 'Health unknown',
        detail: shortInstance(event.instanceId),
        appId: event.runSpecId,
      };
    case 'health_status_changed_event':
      return {
        tone: event.alive ? 'good' : 'bad',
        title: event.alive ? 'Health check passes' : 'Health check fails',
        detail: shortInstance(event.instanceId),
        appId: event.appId,
      };
    case 'failed_health_check_event':
      return {
        tone: 'warn',
        title: 'Health check failed',
        detail: `${event.healthCheck.protocol} ${event.healthCheck.path ?? ''}`.trim(),
        appId: event.appId,
        taskId: event.taskId,
      };
    case 'instance_serving_changed_event':
      return {
        tone: event.serving ? 'good' : 'idle',
        title: event.serving ? 'Instance serves' : `Instance does not serve: ${event.reason.replaceAll('-', ' ')}`,
        detail: shortInstance(event.instanceId),
        appId: event.runSpecId,
        taskId: event.taskId,
      };
    case 'unhealthy_instance_kill_event':
      return {
        tone: 'bad',
        title: 'Unhealthy task killed',
        detail: event.reason,
        appId: event.appId,
        taskId: event.taskId,
      };
    case 'api_post_event':
      return { tone: 'busy', title: 'Changed by a request', detail: event.clientIp, appId: event.appDefinition.id };
    case 'app_terminated_event':
      return { tone: 'idle', title: 'App destroyed', detail: '', appId: event.appId };
    case 'group_change_failed':
      return { tone: 'bad', title: 'Change refused', detail: event.reason };
    case 'deployment_info':
    case 'deployment_step_success':
    case 'deployment_step_failure':
    case 'deployment_success':
    case 'deployment_failed':
      return deploymentWords(event);
    default:
      return { tone: 'idle', title: plainName(event.eventType), detail: plainDetail(event), ...appOf(event) };
  }
}

/** The part of an instance's or task's id by which people tell it from its like. */
export function shortInstance(id: string): string {
  return /\.(?:instance-)?([0-9a-f]{8})[0-9a-f-]*/.exec(id)?.[1] ?? id;
}

type DeploymentEvent = Extract<OrchestratorEvent, { plan: unknown }>;

const DEPLOYMENTS: Readonly<Record<DeploymentEvent['eventType'], readonly [EventTone, string]>> = {
  deployment_info: ['busy', 'Deployment step begins'],
  deployment_step_success: ['busy', 'Deployment step done'],
  deployment_step_failure: ['bad', 'Deployment step failed'],
  deployment_success: ['good', 'Deployment done'],
  deployment_failed: ['bad', 'Deployment stopped'],
};

function deploymentWords(event: DeploymentEvent): EventWords {
  const [tone, title] = DEPLOYMENTS[event.eventType];
  const apps = [
    ...new Set(event.plan.steps.flatMap(({ actions }) => actions.flatMap(({ app, pod }) => app ?? pod ?? []))),
  ];
  const [first] = apps;
  const reason = event.eventType === 'deployment_failed' && event.reason !== undefined ? `: ${event.reason}` : '';
  return {
    tone,
    title: `${title}${reason}`,
    detail: apps.length > 3 ? `${apps.slice(0, 3).join(', ')} and ${String(apps.length - 3)} more` : apps.join(', '),
    deploymentId: event.plan.id,
    ...(first === undefined ? {} : { appId: first }),
  };
}

function plainName(type: string): string {
  const words = type.replace(/_event$/, '').replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function plainDetail(event: OrchestratorEvent): string {
  if ('groupId' in event) return event.groupId;
  if ('remoteAddress' in event) return event.remoteAddress;
  if ('master' in event) return event.master;
  return '';
}

function appOf(event: OrchestratorEvent): { appId?: string } {
  if ('appId' in event) return { appId: event.appId };
  return 'runSpecId' in event ? { appId: event.runSpecId } : {};
}

/** Events that repeat what others say better, or concern the console itself: left out where space is short. */
const MINOR: ReadonlySet<string> = new Set([
  'event_stream_attached',
  'event_stream_detached',
  'add_health_check_event',
  'remove_health_check_event',
  'instance_changed_event',
  'instance_serving_changed_event',
  'health_status_changed_event',
  'group_change_success',
  'deployment_step_success',
]);

/** Whether an event belongs on a short list. */
export function isNoteworthy(event: OrchestratorEvent): boolean {
  return !MINOR.has(event.eventType);
}
