/** Metrics in Prometheus's text format: per route, with buckets that are fine enough for a proxy. */
import type { Edge } from '../edge.ts';

/** Upper bounds in seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The page. */
export function metricsText(edge: Edge, nowMs: number): string {
  const lines: string[] = [];
  const metric = (name: string, type: string, help: string): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  };
  const rows = edge.traffic.all(nowMs);
  metric('stadion_edge_requests_total', 'counter', 'Requests by route and class of status.');
  for (const { router, source, traffic } of rows) {
    traffic.statuses.forEach((count, index) => {
      const labels = labelsOf({ route: router, app: source, code: `${String(index + 1)}xx` });
      lines.push(`stadion_edge_requests_total${labels} ${String(count)}`);
    });
  }
  metric('stadion_edge_request_duration_seconds', 'histogram', 'From the head of a request to the end of its answer.');
  for (const { router, source, traffic, latencies, latencySumMs } of rows) {
    const labels = { route: router, app: source };
    for (const bound of BOUNDS) {
      const count = countUpTo(latencies, bound * 1000);
      lines.push(
        `stadion_edge_request_duration_seconds_bucket${labelsOf({ ...labels, le: String(bound) })} ${String(count)}`,
      );
    }
    lines.push(
      `stadion_edge_request_duration_seconds_bucket${labelsOf({ ...labels, le: '+Inf' })} ${String(traffic.requests)}`,
      `stadion_edge_request_duration_seconds_sum${labelsOf(labels)} ${(latencySumMs / 1000).toFixed(6)}`,
      `stadion_edge_request_duration_seconds_count${labelsOf(labels)} ${String(traffic.requests)}`,
    );
  }
  const gauges = [
    ['stadion_edge_retries_total', 'counter', 'Further attempts.', 'retries'],
    ['stadion_edge_received_bytes_total', 'counter', 'Bytes of bodies of requests.', 'bytesIn'],
    ['stadion_edge_sent_bytes_total', 'counter', 'Bytes of bodies of answers.', 'bytesOut'],
    ['stadion_edge_active_requests', 'gauge', 'Requests under way.', 'active'],
  ] as const;
  for (const [name, type, help, member] of gauges) {
    metric(name, type, help);
    for (const { router, source, traffic } of rows) {
      lines.push(`${name}${labelsOf({ route: router, app: source })} ${String(traffic[member])}`);
    }
  }
  metric('stadion_edge_orchestrator_connected', 'gauge', 'Whether the orchestrator is reached.');
  lines.push(`stadion_edge_orchestrator_connected ${edge.isConnected ? '1' : '0'}`);
  metric('stadion_edge_problems', 'gauge', 'Labels that could not be taken as written.');
  lines.push(`stadion_edge_problems ${String(edge.problems.length)}`);
  return `${lines.join('\n')}\n`;
}

function countUpTo(latencies: Uint32Array, boundMs: number): number {
  let sum = 0;
  latencies.forEach((count, bucket) => {
    if (2 ** (bucket / 8) / 16 <= boundMs) sum += count;
  });
  return sum;
}

function labelsOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  return `{${pairs.join(',')}}`;
}
