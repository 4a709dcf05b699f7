/**
 * `npm run chaos -- --minutes N [--seed S]`: three servers, three ZooKeepers and five agents on machines of their own, under
 * constant deployments, while processes are killed, cables pulled and disks filled (`tests/support/chaos-faults.ts`). Needs root.
 */
import { Cluster, canMakeCluster } from '../../tests/support/cluster.ts';
import { runChaos } from '../../tests/support/chaos.ts';

async function main(minutes: number, seed: number): Promise<boolean> {
  console.log(`chaos for ${String(minutes)} minutes, seed ${String(seed)}`);
  const cluster = await Cluster.start({ servers: 3, agents: 5, diskMegabytes: 64 });
  try {
    const say = (line: string): void => {
      console.log(line);
    };
    const { acknowledged, faults, wrongs } = await runChaos(cluster, { minutes, seed, say });
    console.log(`${String(acknowledged)} changes acknowledged; faults: ${JSON.stringify(Object.fromEntries(faults))}`);
    for (const wrong of wrongs) console.error(`WRONG: ${wrong}`);
    console.log(
      wrongs.length === 0 ? 'nothing lost, nothing doubled, all done' : `${String(wrongs.length)} things wrong`,
    );
    return wrongs.length === 0;
  } finally {
    await cluster.stop();
  }
}

function numberAfter(flag: string, fallback: number): number {
  const index = process.argv.indexOf(flag);
  const value = index === -1 ? fallback : Number(process.argv[index + 1]);
  if (Number.isFinite(value) && value > 0) return value;
  console.error(`${flag} needs a number above 0.`);
  process.exit(2);
}

if (!canMakeCluster()) {
  console.error('Chaos needs root, Linux, and Debian’s zookeeper.');
  process.exit(2);
}
process.exit((await main(numberAfter('--minutes', 30), numberAfter('--seed', 1))) ? 0 : 1);
