/** What `/metrics/snapshot` has of single frameworks, under Mesos's names. One that is removed is not there any more. */
import { isTerminal, OfferOperation, SchedulerCall, SchedulerEvent, TaskState } from '@stadion/contract/mesos';
import type { MetricsSnapshot } from '@stadion/contract/mesos-state';
import type { FrameworkRecord } from '../core/cluster/records.ts';
import type { ClusterView } from '../core/cluster/state.ts';
import { ABSENT_FRAMEWORKS_MEASURED_MAX } from '../limits.ts';

/** The lower-case name that each type has at the end of a metric's. */
const CALLS = namesOf(SchedulerCall.anyOf.map(({ properties }) => properties.type.const));
const EVENTS = namesOf(SchedulerEvent.anyOf.map(({ properties }) => properties.type.const));
const OPERATIONS = namesOf(OfferOperation.anyOf.map(({ properties }) => properties.type.const));
const STATES = namesOf(TaskState.anyOf.map(({ const: state }) => state));
const ACTIVE_STATES = STATES.filter(([state]) => !isTerminal(state));
const TERMINAL_STATES = STATES.filter(([state]) => isTerminal(state));

/**
 * One group for each framework. Of those that are away no more than {@link ABSENT_FRAMEWORKS_MEASURED_MAX} are measured;
 * that they are away is told of all.
 */
export function* frameworkMetricGroups({ frameworks }: Pick<ClusterView, 'frameworks'>): Generator<MetricsSnapshot> {
  let absent = 0;
  for (const framework of frameworks.values()) {
    const prefix = `master/frameworks/${percentEncoded(framework.info.name)}/${framework.id}`;
    const isSubscribed = framework.subscription !== undefined;
    if (!isSubscribed) absent += 1;
    if (isSubscribed || absent <= ABSENT_FRAMEWORKS_MEASURED_MAX) yield metricsOf(framework, prefix);
    else yield { [`${prefix}/subscribed`]: 0 };
  }
}

function metricsOf(framework: FrameworkRecord, prefix: string): MetricsSnapshot {
  const { counters, unreachableTasks } = framework;
  const result: MetricsSnapshot = {
    [`${prefix}/subscribed`]: framework.subscription === undefined ? 0 : 1,
    [`${prefix}/offers/sent`]: counters.offersSent,
    [`${prefix}/offers/accepted`]: counters.offersAccepted,
    [`${prefix}/offers/declined`]: counters.offersDeclined,
    [`${prefix}/offers/rescinded`]: counters.offersRescinded,
  };
  for (const [what, names, counts] of [
    ['calls', CALLS, counters.calls],
    ['events', EVENTS, counters.events],
    ['operations', OPERATIONS, counters.operations],
  ] as const) {
    let sum = 0;
    for (const number of counts.values()) sum += number;
    result[`${prefix}/${what}`] = sum;
    addCounts(result, `${prefix}/${what}`, names, counts);
  }
  addCounts(result, `${prefix}/tasks/active`, ACTIVE_STATES, counters.live);
  addCounts(result, `${prefix}/tasks/terminal`, TERMINAL_STATES, counters.terminal);
  result[`${prefix}/tasks/active/task_unreachable`] = unreachableTasks.size;
  for (const share of framework.shares.values()) {
    if (share.subscribed) result[`${prefix}/roles/${share.role.name}/suppressed`] = share.suppressed ? 1 : 0;
  }
  return result;
}

function addCounts(
  result: MetricsSnapshot,
  prefix: string,
  names: readonly (readonly [string, string])[],
  counts: ReadonlyMap<string, number>,
): void {
  for (const [type, name] of names) result[`${prefix}/${name}`] = counts.get(type) ?? 0;
}

function namesOf<Type extends string>(types: readonly Type[]): readonly (readonly [Type, string])[] {
  return types.map((type) => [type, type.toLowerCase()] as const);
}

/** As Mesos writes names of frameworks (`process::http::encode`): whatever could be read as something else, byte by byte. */
function percentEncoded(name: string): string {
  let text = '';
  for (const byte of Buffer.from(name)) {
    const character = String.fromCharCode(byte);
    text += /[\w.!*'()-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
