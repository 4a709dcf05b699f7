/** How the name server is doing. */
import type { DnsStatus } from '@stadion/contract/dns';
import type { Dns } from '../dns.ts';

/** How many withheld tasks are named. */
const WITHHELD_MAX = 200;

/** Ready when every zone was read at least once: one that is stale is served all the same. */
export function statusOf(dns: Dns): DnsStatus {
  const zones = dns.zones().map(({ settings, keeper, serial, status }) => {
    const { snapshotAt, failure, problems, streams } = status;
    const ageSeconds = snapshotAt === undefined ? null : Math.max(0, (dns.now() - snapshotAt) / 1000);
    const withheld: { task: string; reason: string }[] = [];
    for (const task of keeper.tasks.values()) {
      const reason = withheld.length < WITHHELD_MAX ? keeper.whyNot(task) : undefined;
      if (reason !== undefined) withheld.push({ task: task.id, reason });
    }
    return {
      domain: settings.domain,
      serial,
      names: keeper.book.size,
      tasks: keeper.tasks.size,
      ageSeconds,
      stale: ageSeconds !== null && ageSeconds > dns.config.staleSeconds,
      failure: failure ?? null,
      problems: [...problems],
      streams: [...streams],
      withheld,
    };
  });
  return { ready: zones.every(({ serial }) => serial > 0), zones };
}
