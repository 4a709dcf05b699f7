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

/** The columns that are read; there are many more, and a big table has many rows. */
const READ = [...COUNTED, 'pxname', 'svname', 'scur', 'stot', 'econ', 'eresp', 'ttime', 'status'] as const;
type Column = (typeof READ)[number];

/** One row of the CSV. */
export type Row = Readonly<Record<Column, string>>;

/** Rows of the CSV. */
export function readCsv(text: string): readonly Row[] {
  const [head = '', ...lines] = text.split('\n');
  const names = head.replace(/^#\s*/, '').split(',');
  const places = READ.map((name) => [name, names.indexOf(name)] as const);
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const values = line.split(',');
      return Object.fromEntries(places.map(([name, place]) => [name, values[place] ?? ''])) as Row;
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
    rows: readonly Row[],
    namesOf: (backend: string) => RouteNames | undefined,
    latencies: (backend: string) => RouteTraffic['latencies'],
  ): readonly RouteTraffic[] {
    return rows.flatMap((row) => {
      const backend = row.pxname;
      const names = namesOf(backend);
      if (names === undefined) return [];
      const now = COUNTED.map((name) => Number(row[name]));
      const last = this.before.get(backend);
      this.before.set(backend, now);
      const [x1 = 0, x2 = 0, x3 = 0, x4 = 0, x5 = 0, retries = 0, bytesIn = 0, bytesOut = 0] = now.map(
        (value, index) => value - (last?.[index] ?? 0),
      );
      const requests = x1 + x2 + x3 + x4 + x5;
      const active = Number(row.scur);
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
  rows: readonly Row[],
  nameOf: (backend: string, server: string) => { readonly service: string; readonly server: string } | undefined,
): readonly ServerReport[] {
  return rows.flatMap((row) => {
    const names = nameOf(row.pxname, row.svname);
    const status = row.status;
    const requests = Number(row.stot);
    if (names === undefined || status.startsWith('MAINT')) return [];
    const state = status.startsWith('DRAIN') ? 'draining' : status.startsWith('DOWN') ? 'down' : 'up';
    if (requests === 0 && state === 'up') return [];
    return [
      {
        ...names,
        active: Number(row.scur),
        requests,
        // What it answered with 5xx, and what it did not answer: HAProxy counts some of these as both.
        failures: Number(row.econ) + Math.max(Number(row.eresp), Number(row.hrsp_5xx)),
        latencyMs: Number(row.ttime),
        state,
      },
    ];
  });
}
