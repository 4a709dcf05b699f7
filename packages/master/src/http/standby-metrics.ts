/** `/metrics/snapshot` of a server that does not lead: every name, nothing of the cluster, and what its machine does. */
import type { Clock } from '@stadion/base';
import type { MetricsSnapshot } from '@stadion/contract/mesos-state';
import { DEFAULT_MASTER_CONFIG } from '../config.ts';
import { ClusterState } from '../core/cluster/state.ts';
import { Meters } from '../meters.ts';
import { metrics } from './metrics.ts';

/** `master/elected` is 0. @param startedAt when the server began to stand by, milliseconds since the Unix epoch */
export function standbyMetrics(startedAt: number, clock: Clock): MetricsSnapshot {
  const nobody = { id: '', hostname: '', address: { hostname: '', ip: '', port: 0 }, pid: '', version: '' };
  const view = new ClusterState(nobody, DEFAULT_MASTER_CONFIG, startedAt, 0);
  return { ...metrics({ view, clock, meters: new Meters(), waiting: 0 }), 'master/elected': 0 };
}
