/** What HAProxy counts (its CSV) as the edge tells it: differences per route, and reports of servers. */
import type { RouteTraffic } from '../embedded/traffic.ts';
import type { ServerReport } from '../ports/data-plane.ts';

/** Names of the route that a backend is for. */
export interface RouteNames {
  readonly router: string;
  readonly source: string;
  readonly service: string;
}

const COUNTED = ['hrsp_1xx', 'hrsp_2xx', 'hrsp_3xx', 'hrsp_4xx', 'hrsp_5xx', 'wretr', 'bin', 'bout'] as const;

/** Rows of the CSV, as columns by name. */
export function readCsv(text: string): readonly ReadonlyMap<string, string>[] {
  const [head = '', ...lines] = text.split('\n');
  const names = head.replace(/^#\s*/, '').split(',');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const values = line.split(',');
      return new Map(names.map((name, index) => [name, values[index] ?? '']));
    });
}

/** Counts of one process; a new process begins at nothing. */
export class Statistics {
  private readonly before = new Map<string, readonly number[]>();

  /**
   * What has been added since the last time.
   * @param rows of backends
   * @param latencies of each backend since the last time: buckets and counts
   */
  differences(
    rows: readonly ReadonlyMap<string, string>[],
    namesOf: (backend: string) => RouteNames | undefined,
    latencies: (backend: string) => RouteTraffic['latencies'],
  ): readonly RouteTraffic[] {
    return rows.flatMap((row) => {
      const backend = row.get('pxname') ?? '';
      const names = namesOf(backend);
      if (names === undefined) return [];
      const now = COUNTED.map((name) => Number(row.get(name) ?? 0));
      const last = this.before.get(backend);
      this.before.set(backend, now);
      const [x1 = 0, x2 = 0, x3 = 0, x4 = 0, x5 = 0, retries = 0, bytesIn = 0, bytesOut = 0] = now.map(
        (value, index) => value - (last?.[index] ?? 0),
      );
      const requests = x1 + x2 + x3 + x4 + x5;
      const active = Number(row.get('scur') ?? 0);
      if (requests === 0 && active === 0) return [];
      const { router, source, service } = names;
      const statuses = [x1, x2, x3, x4, x5] as const;
      return [
        {
          router,
          source,
          service,
          statuses,
          requests,
          retries,
          bytesIn,
          bytesOut,
          active,
          latencies: latencies(backend),
        },
      ];
    });
  }
}

/** What is known of servers. @param nameOf the service and server, by the names in HAProxy */
export function serverReports(
  rows: readonly ReadonlyMap<string, string>[],
  nameOf: (backend: string, server: string) => { readonly service: string; readonly server: string } | undefined,
): readonly ServerReport[] {
  return rows.flatMap((row) => {
    const names = nameOf(row.get('pxname') ?? '', row.get('svname') ?? '');
    const status = row.get('status') ?? '';
    const requests = Number(row.get('stot') ?? 0);
    if (names === undefined || status.startsWith('MAINT')) return [];
    const state = status.startsWith('DRAIN') ? 'draining' : status.startsWith('DOWN') ? 'down' : 'up';
    if (requests === 0 && state === 'up') return [];
    return [
      {
        ...names,
        active: Number(row.get('scur') ?? 0),
        requests,
        failures: Number(row.get('econ') ?? 0) + Number(row.get('eresp') ?? 0),
        latencyMs: Number(row.get('ttime') ?? 0),
        state,
      },
    ];
  });
}
