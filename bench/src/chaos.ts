/**
 * `npm run chaos -- --minutes N [--seed S]`: three servers, three ZooKeepers and five agents on machines of their own, under
 * constant deployments, while processes are killed, cables pulled and disks filled (`tests/support/chaos-faults.ts`). Needs root.
 */
import { parseArgs } from 'node:util';
import { Cluster, canMakeCluster } from '../../tests/support/cluster.ts';
import { runChaos } from '../../tests/support/chaos.ts';

const USAGE = 'npm run chaos -- [--minutes N] [--seed S], numbers above 0';

async function main(minutes: number, seed: number): Promise<boolean> {
  console.log(`chaos for ${String(minutes)} minutes, seed ${String(seed)}`);
  const cluster = await Cluster.start({ servers: 3, agents: 5, diskMegabytes: 64 });
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      console.log('stops once what is broken now is healed; once more, and everything is left as it is');
      stopping.abort();
    });
  }
  try {
    const say = (line: string): void => {
      console.log(line);
    };
    const { acknowledged, faults, wrongs } = await runChaos(cluster, { minutes, seed, say, stop: stopping.signal });
    console.log(`${String(acknowledged)} changes acknowledged; faults: ${JSON.stringify(Object.fromEntries(faults))}`);
    for (const wrong of wrongs) console.error(`WRONG: ${wrong}`);
    console.log(
      wrongs.length === 0 ? 'nothing lost, nothing doubled, all done' : `${String(wrongs.length)} things wrong`,
    );
    return wrongs.length === 0;
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    console.error('stopped before its time: nothing was judged');
    return false;
  } finally {
    await cluster.stop();
  }
}

/** Minutes and seed; undefined: something else was said. */
function readFlags(): readonly [number, number] | undefined {
  try {
    const { values } = parseArgs({
      options: { minutes: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' } },
    });
    const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
    return Number.isFinite(minutes) && minutes > 0 && Number.isFinite(seed) && seed > 0 ? [minutes, seed] : undefined;
  } catch {
    return undefined;
  }
}

const flags = readFlags();
if (flags === undefined) {
  console.error(USAGE);
  process.exit(2);
}
if (!canMakeCluster()) {
  console.error('Chaos needs root, Linux, and Debian’s zookeeper.');
  process.exit(2);
}
process.exit((await main(...flags)) ? 0 : 1);
