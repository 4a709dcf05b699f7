/** The same for what operators let roles have. */
import { describe, expect, it } from 'vitest';
import { sampleApp } from './sample-app.ts';
import { TEST_MS_MAX, complaints, complaintsIn } from './testing/broken-worlds.ts';
import type { World } from './world.ts';

const GREEDY = '/greedy';
const LIMITS = { cpus: { value: 1 }, mem: { value: 1_000 } };

describe('the checker of quotas', { timeout: TEST_MS_MAX }, () => {
  it('is content with a role below one that has a quota, which gets no more than that', async () => {
    let running = 0;
    const sabotage = (world: World): void => {
      deployBelow(world);
      world.time.after(30_000, () => {
        running = world.machines.flatMap((machine) => machine.running()).filter(({ appId }) => appId === GREEDY).length;
      });
    };
    expect(await complaintsIn(1, { sabotage })).toEqual([]);
    expect(running).toBeLessThanOrEqual(2);
  });

  it('sees a master that gives a role more than one above it may have', async () => {
    const sabotage = (world: World): void => {
      deployBelow(world);
      forgetQuotas(world);
    };
    expect(await complaints({ sabotage })).toEqual(['1 quotas']);
  });

  it('and that of invariant 2 sees quotas that were acknowledged and are gone after a crash', async () => {
    const sabotage = (world: World): void => {
      world.doors.settings = (registry) => ({ load: () => registry.load(), save: () => Promise.resolve() });
      deployBelow(world);
      world.time.after(40_000, () => {
        world.host.crash();
        void world.host.start();
      });
    };
    expect(await complaints({ sabotage })).toEqual(['2 durability']);
  });

  it('sees orders for agents that were acknowledged and are gone after a crash, too', async () => {
    const sabotage = (world: World): void => {
      world.doors.registry = (registry) => ({
        load: () => registry.load(),
        apply: (change) => (change.type === 'treat' ? Promise.resolve() : registry.apply(change)),
      });
      world.time.after(20_000, () => {
        for (const machine of world.machines) world.operators.treat(machine, {});
      });
      world.time.after(40_000, () => {
        world.host.crash();
        void world.host.start();
      });
    };
    expect(await complaints({ sabotage })).toEqual(['2 durability']);
  });
});

/** A role gets a quota, and an app of a role below it wants more than that. */
function deployBelow(world: World): void {
  world.time.after(21_000, () => {
    void world.quotas.set([{ role: 'team', limits: LIMITS }]);
  });
  world.time.after(23_000, () => {
    const app = { role: 'team/night', cpus: 0.5, instances: 6 };
    void world.controlPlane?.engine.changeRoot(
      (_root, version) => ({
        ok: true,
        value: { upserts: [{ ...sampleApp(GREEDY, version, '1'), ...app }], removals: [] },
      }),
      { force: false },
    );
  });
}

/** The master goes on as if roles had no quotas, and says that they have. */
function forgetQuotas(world: World): void {
  world.time.after(50, () => {
    for (const role of world.controlPlane?.master.view?.roles.roles() ?? []) role.quota = undefined;
    forgetQuotas(world);
  });
}
