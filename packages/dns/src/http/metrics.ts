/** Metrics in Prometheus's text format 0.0.4. */
import type { Dns } from '../dns.ts';
import { statusOf } from './status.ts';

/** What each counter means. */
const HELP: Readonly<Record<string, string>> = {
  answers_total: 'Answers by source (zone or forwarded) and code.',
  dropped_total: 'Packets and connections that got no answer, by reason.',
  truncated_total: 'Answers cut to a header, by reason.',
  socket_errors_total: 'Errors of the UDP socket.',
  tls_errors_total: 'TLS connections that failed.',
};

/** The whole page. */
export async function metricsText(dns: Dns): Promise<string> {
  const { counters, workerBytes } = await dns.report();
  const lines: string[] = [];
  for (const [name, help] of Object.entries(HELP)) {
    const values = Object.entries(counters).filter(([key]) => key === name || key.startsWith(`${name}{`));
    lines.push(`# HELP stadion_dns_${name} ${help}`, `# TYPE stadion_dns_${name} counter`);
    lines.push(...values.map(([key, value]) => `stadion_dns_${key} ${String(value)}`));
  }
  const gauges: [string, string, (zone: ReturnType<typeof statusOf>['zones'][number]) => number][] = [
    ['zone_names', 'Names with records.', ({ names }) => names],
    ['zone_serial', 'Serial of the zone: Unix seconds of its last change.', ({ serial }) => serial],
    ['zone_age_seconds', 'Since the last snapshot; -1 before the first.', ({ ageSeconds }) => ageSeconds ?? -1],
    ['zone_stale', '1 when the cluster has not been read for long.', ({ stale }) => (stale ? 1 : 0)],
    ['zone_problems', 'Objects of the cluster that could not be read.', ({ problems }) => problems.length],
  ];
  const { zones } = statusOf(dns);
  for (const [name, help, value] of gauges) {
    lines.push(`# HELP stadion_dns_${name} ${help}`, `# TYPE stadion_dns_${name} gauge`);
    lines.push(...zones.map((zone) => `stadion_dns_${name}{zone="${zone.domain}"} ${String(value(zone))}`));
  }
  lines.push(
    '# HELP stadion_dns_worker_resident_bytes Memory of each worker.',
    '# TYPE stadion_dns_worker_resident_bytes gauge',
  );
  lines.push(
    ...workerBytes.map(
      (bytes, index) => `stadion_dns_worker_resident_bytes{worker="${String(index)}"} ${String(bytes)}`,
    ),
  );
  return `${lines.join('\n')}\n`;
}
