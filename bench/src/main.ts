/** `npm run bench [name …]`: runs the benchmarks named, or all; the exit code says whether every promise was kept. */
import { benchApi } from './api.ts';
import { benchCapacity } from './capacity.ts';
import { benchContainers } from './containers.ts';
import { benchConsole } from './console.ts';
import { benchFailover } from './failover.ts';
import { benchDiscovery } from './discovery.ts';
import { benchDockerStart } from './docker-start.ts';
import { benchDns } from './dns.ts';
import { benchEdge } from './edge.ts';
import { benchIdle } from './idle.ts';
import { benchLosses } from './losses.ts';
import { benchScale } from './scale.ts';
import { benchPlacement } from './placement.ts';
import { benchStartLatency } from './start-latency.ts';

const benchmarks: Readonly<Record<string, () => Promise<boolean>>> = {
  placement: benchPlacement,
  'start-latency': benchStartLatency,
  api: benchApi,
  scale: benchScale,
  idle: benchIdle,
  console: benchConsole,
  dns: benchDns,
  discovery: benchDiscovery,
  edge: benchEdge,
  containers: benchContainers,
  'docker-start': benchDockerStart,
  failover: benchFailover,
  losses: benchLosses,
  capacity: benchCapacity,
};

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(benchmarks);
let allKept = true;
for (const name of wanted) {
  const benchmark = benchmarks[name];
  if (benchmark === undefined) {
    console.error(`There is no benchmark '${name}'. There are: ${Object.keys(benchmarks).join(', ')}.`);
    process.exit(2);
  }
  allKept = (await benchmark()) && allKept;
}
process.exit(allKept ? 0 : 1);
