/** Best-effort work beside services, with the real orchestrator, master and agent. */
import { describe, expect, it } from 'vitest';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { MACHINE_CPUS } from './machine.ts';
import { sampleApp, stamp } from './sample-app.ts';
import { World } from './world.ts';

const LOOK_MS = 5000;

/** One machine that lends what is free. `busy`: the cores that each container of an app uses. */
function lendingWorld(): { world: World; busy: Map<string, number> } {
  const world = new World('revocable', 1);
  const busy = new Map<string, number>();
  const apps = new Map<string, string>();
  const seconds = new Map<string, number>();
  let countedAt = 0;
  world.observers.push({ onStart: ({ containerId, appId }) => apps.set(containerId, appId) });
  world.doors.agent = (options) => ({
    ...options,
    config: { ...options.config, revocableCpus: 'auto', revocableLookMs: LOOK_MS },
    containerizer: {
      ...options.containerizer,
      usage: async () => {
        const now = world.time.monotonic();
        const usage = await options.containerizer.usage();
        for (const id of usage.keys()) {
          const cores = busy.get(apps.get(id) ?? '') ?? 0;
          seconds.set(id, (seconds.get(id) ?? 0) + (cores * (now - countedAt)) / 1000);
        }
        countedAt = now;
        return new Map([...usage].map(([id, each]) => [id, { ...each, cpuUserSeconds: seconds.get(id) ?? 0 }]));
      },
    },
  });
  return { world, busy };
}

async function run(world: World, id: string, changes: Partial<AppDefinition>): Promise<void> {
  const engine = world.controlPlane?.engine;
  if (engine === undefined) throw new Error('nobody leads');
  const asked = engine.changeRoot(
    (_root, version) => ({
      ok: true,
      value: { upserts: [stamp({ ...sampleApp(id, version, '1'), ...changes }, version)], removals: [] },
    }),
    { force: false },
  );
  await world.time.advance(10_000);
  expect(await asked).toMatchObject({ ok: true });
}

function runningOf(world: World, appId: string): number {
  return world.machines[0]?.running().filter((container) => container.appId === appId).length ?? 0;
}

describe('an app that takes revocable cpus', () => {
  it('runs beside a full machine, gives way when services need it, and comes back', async () => {
    const { world, busy } = lendingWorld();
    const started = world.host.start();
    await world.time.advance(1000);
    await started;
    const up = world.machines[0]?.start();
    await world.time.advance(2000);
    await up;

    // The whole machine is granted, and hardly used.
    await run(world, '/web', { cpus: MACHINE_CPUS });
    busy.set('/web', 1);
    expect(runningOf(world, '/web')).toBe(1);
    await world.time.advance(30 * LOOK_MS);
    await run(world, '/late', { cpus: 1 });
    await run(world, '/batch', { cpus: 4, labels: { 'stadion.resources': 'revocable' } });
    await world.time.advance(60_000);
    expect(runningOf(world, '/batch')).toBe(1);
    // An app of the usual kind finds no place on what is only lent.
    expect(runningOf(world, '/late')).toBe(0);

    busy.set('/web', 6);
    await world.time.advance(6 * LOOK_MS);
    expect(runningOf(world, '/batch')).toBe(0);
    const view = world.controlPlane?.engine.view;
    expect(view?.instances('/batch').map(({ condition }) => condition)).toEqual(['Scheduled']);
    expect(view?.lastTaskFailure('/batch')).toBeUndefined();
    expect(runningOf(world, '/web')).toBe(1);

    busy.set('/web', 1);
    await world.time.advance(30 * LOOK_MS);
    expect(runningOf(world, '/batch')).toBe(1);
  });
});
