/** One framework in the legacy JSON of `/state`, `/frameworks` and `/state-summary`, without its tasks. */
import type { FrameworkRecord, OfferRecord } from '../../core/cluster/records.ts';
import { hasCapability } from '../../core/cluster/framework-info.ts';
import { legacyResources } from '../../core/resources/resource-format.ts';
import type { Scalars } from '../../core/resources/amounts.ts';
import { NOTHING, revocableCpusOf, scalarsOf } from '../../core/resources/resource-vector.ts';

/** `pid` is left out: a framework without one must not say `""`, or mesos-dns refuses the whole answer. */
export function frameworkJson(framework: FrameworkRecord) {
  const { info } = framework;
  const { used, offered, all } = holdings(framework);
  const lentUsed = sumOf(framework.tasks.values(), (task) => (task.charged ? revocableCpusOf(task.resources) : 0));
  const lentOffered = sumOf(framework.offers, (offer) => revocableCpusOf(offer.resources));
  const connected = framework.subscription !== undefined;
  return {
    id: framework.id,
    name: info.name,
    used_resources: { ...legacyScalars(used), ...lent(lentUsed) },
    offered_resources: { ...legacyScalars(offered), ...lent(lentOffered) },
    capabilities: (info.capabilities ?? []).map(({ type }) => type),
    hostname: info.hostname ?? '',
    webui_url: info.webui_url ?? '',
    active: connected,
    connected,
    recovered: framework.recovered,
    user: info.user,
    failover_timeout: info.failover_timeout ?? 0,
    checkpoint: info.checkpoint ?? false,
    registered_time: framework.registeredAt / 1000,
    unregistered_time: (framework.unregisteredAt ?? 0) / 1000,
    ...(info.principal === undefined ? {} : { principal: info.principal }),
    resources: { ...legacyScalars(all), ...lent(lentUsed + lentOffered) },
    ...(framework.reregisteredAt === undefined ? {} : { reregistered_time: framework.reregisteredAt / 1000 }),
    ...(hasCapability(info, 'MULTI_ROLE') ? { roles: info.roles ?? [] } : { role: info.role ?? '*' }),
    ...(info.labels === undefined ? {} : { labels: info.labels.labels }),
    offer_constraints: framework.offerConstraints ?? {},
  };
}

/** One offer that has not been answered. */
export function offerJson(offer: OfferRecord) {
  return {
    id: offer.id,
    framework_id: offer.framework.id,
    allocation_info: { role: offer.role },
    slave_id: offer.agent.id,
    resources: legacyResources(offer.resources),
  };
}

/** What a framework holds on all agents: by offers, by tasks, and together. */
function holdings(framework: FrameworkRecord): { used: Scalars; offered: Scalars; all: Scalars } {
  const all = { cpus: 0, gpus: 0, mem: 0, disk: 0 };
  for (const { allocated } of framework.shares.values()) addTo(all, allocated, 1);
  const offered = { cpus: 0, gpus: 0, mem: 0, disk: 0 };
  for (const { resources } of framework.offers) addTo(offered, scalarsOf(resources), 1);
  const used = { ...all };
  addTo(used, offered, -1);
  return { used, offered, all };
}

function lent(cpus: number): { cpus_revocable?: number } {
  return cpus === 0 ? {} : { cpus_revocable: cpus / 1000 };
}

function sumOf<Each>(all: Iterable<Each>, amount: (each: Each) => number): number {
  let sum = 0;
  for (const each of all) sum += amount(each);
  return sum;
}

/** Adds up scalars in place. */
export function addTo(sum: { -readonly [Name in keyof Scalars]: Scalars[Name] }, amount: Scalars, sign: 1 | -1): void {
  sum.cpus += sign * amount.cpus;
  sum.gpus += sign * amount.gpus;
  sum.mem += sign * amount.mem;
  sum.disk += sign * amount.disk;
}

/** Scalars alone: sums over agents have no ports. */
export function legacyScalars(amounts: Scalars) {
  return legacyResources({ ...NOTHING, ...amounts });
}
