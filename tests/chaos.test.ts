import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runChaos } from './support/chaos.ts';
import { Cluster, canMakeCluster } from './support/cluster.ts';

/** `STADION_CHAOS_MINUTES=30 npx vitest run tests/chaos.test.ts` for longer; `STADION_CHAOS_SEED` for other faults. */
const MINUTES = Number(process.env.STADION_CHAOS_MINUTES ?? 5);
const SEED = Number(process.env.STADION_CHAOS_SEED ?? 1);

describe.skipIf(!canMakeCluster())('a cluster that everything happens to', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await Cluster.start({ servers: 3, agents: 5, diskMegabytes: 64 });
  }, 240_000);

  afterAll(async () => {
    await cluster.stop();
  }, 120_000);

  test(
    'loses nothing and doubles nothing, and every deployment is done',
    { timeout: MINUTES * 60_000 + 1_200_000 },
    async () => {
      const said: string[] = [];
      const { acknowledged, wrongs } = await runChaos(cluster, {
        minutes: MINUTES,
        seed: SEED,
        say: (line) => said.push(line),
      });
      expect(wrongs, said.join('\n')).toEqual([]);
      expect(acknowledged).toBeGreaterThan(0);
    },
  );
});
