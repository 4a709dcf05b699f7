/** What `/metrics/snapshot` has of the allocator: shares, quotas and refusals, by role. */
import type { QuotaConfig } from '@stadion/contract/cluster-settings';
import type { MetricsSnapshot } from '@stadion/contract/mesos-state';
import { consumption } from '../core/allocation/consumption.ts';
import type { ClusterView } from '../core/cluster/state.ts';
import { SCALAR_NAMES } from '../core/resources/amounts.ts';

/** Agents whose refusals are looked at in one piece of work. */
const AGENTS_PER_STEP = 1000;

/** Groups, of which some are empty: whoever makes a long answer may pause there. @param now monotonic milliseconds */
export function* allocatorMetricGroups(view: ClusterView, now: number): Generator<MetricsSnapshot> {
  const result: MetricsSnapshot = { 'allocator/mesos/allocation_runs': view.counters.allocationRuns };
  for (const role of view.roles.roles()) {
    result[`allocator/mesos/roles/${role.name}/shares/dominant`] = view.roles.dominantShare(role.allocated, 1);
  }
  yield result;
  if (view.settings.quotas.length > 0) yield quotaMetrics(view);
  yield* refusalMetrics(view, now);
}

/** Only what a quota says something of, as in Mesos. */
function quotaMetrics(view: ClusterView): MetricsSnapshot {
  const result: MetricsSnapshot = {};
  const consumed = consumption(view);
  const held = new Map([...view.roles.roles()].map(({ name, allocated }) => [name, allocated]));
  for (const { role, guarantees = {}, limits = {} } of view.settings.quotas) {
    const add = (what: string, amounts: NonNullable<QuotaConfig['limits']>): void => {
      for (const [name, { value }] of Object.entries(amounts)) {
        result[`allocator/mesos/quota/roles/${role}/resources/${name}/${what}`] = value;
      }
    };
    add('guarantee', guarantees);
    add('limit', limits);
    for (const name of SCALAR_NAMES) {
      if (guarantees[name] === undefined && limits[name] === undefined) continue;
      const prefix = `allocator/mesos/quota/roles/${role}/resources/${name}`;
      result[`${prefix}/offered_or_allocated`] = (held.get(role)?.[name] ?? 0) / 1000;
      result[`${prefix}/consumed`] = consumed(role)[name] / 1000;
    }
  }
  return result;
}

/** How many agents are not offered to a framework of the role for now, since it refused what they have. */
function* refusalMetrics({ agents, roles }: ClusterView, now: number): Generator<MetricsSnapshot> {
  const active = new Map<string, number>();
  for (const role of roles.roles()) active.set(role.name, 0);
  let looked = 0;
  for (const { filters } of agents.values()) {
    for (const [{ role, revival }, filter] of filters) {
      if (filter.until <= now || filter.revival !== revival) continue;
      const count = active.get(role.name);
      if (count !== undefined) active.set(role.name, count + 1);
    }
    looked += 1;
    if (looked % AGENTS_PER_STEP === 0) yield {};
  }
  yield Object.fromEntries(
    [...active].map(([role, count]) => [`allocator/mesos/offer_filters/roles/${role}/active`, count]),
  );
}
