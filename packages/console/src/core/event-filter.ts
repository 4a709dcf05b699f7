/** Which events are shown, as the URL says it. */
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import { choices, text } from './search-params.ts';
import { wordsOf } from './event-words.ts';

type EventType = OrchestratorEvent['eventType'];

/** The kinds that people filter by. */
export const EVENT_TYPES = [
  'status_update_event',
  'instance_changed_event',
  'instance_health_changed_event',
  'instance_serving_changed_event',
  'health_status_changed_event',
  'failed_health_check_event',
  'unhealthy_instance_kill_event',
  'api_post_event',
  'pod_created_event',
  'pod_updated_event',
  'pod_deleted_event',
  'app_terminated_event',
  'deployment_info',
  'deployment_step_success',
  'deployment_success',
  'deployment_failed',
  'group_change_success',
  'group_change_failed',
] as const satisfies readonly EventType[];

/** Absent members do not restrict. */
export interface EventsSearch {
  readonly q?: string | undefined;
  readonly type?: (typeof EVENT_TYPES)[number][] | undefined;
  /** The event that stands out: its timestamp and kind. */
  readonly at?: string | undefined;
}

/** Reads the query of the URL. */
export function parseEventsSearch(search: Readonly<Record<string, unknown>>): EventsSearch {
  return { ...text(search, 'q'), ...choices(search, 'type', EVENT_TYPES), ...text(search, 'at') };
}

/** Whether an event is among those that are wanted. */
export function eventMatches(event: OrchestratorEvent, { q, type }: EventsSearch): boolean {
  if (type !== undefined && !type.some((one) => one === event.eventType)) return false;
  // That somebody listens is no news to whoever listens, unless it is asked for.
  if (q === undefined) return !event.eventType.startsWith('event_stream_');
  const { title, detail, appId = '', taskId = '' } = wordsOf(event);
  return `${event.eventType} ${title} ${detail} ${appId} ${taskId}`.toLowerCase().includes(q.toLowerCase());
}

/** By what an event is found again. */
export function eventKey({ timestamp, eventType }: OrchestratorEvent): string {
  return `${timestamp} ${eventType}`;
}
