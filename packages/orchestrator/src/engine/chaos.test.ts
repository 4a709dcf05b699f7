/** Seeded storms: people change their minds while agents, tasks, the connection and the process itself come and go. */
import { SeededRandom, randomBelow, type Random } from '@stadion/base';
import { describe, expect, it } from 'vitest';
import { appSpec } from './testing/definitions.ts';
import { TestPlatform } from './testing/platform.ts';

const APPS = ['/a', '/b', '/group/c'];
const AGENTS = 4;
const STRATEGIES = ['disabled', { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 }] as const;

function pick<Item>(random: Random, items: readonly Item[]): Item | undefined {
  return items.length === 0 ? undefined : items[randomBelow(random, items.length)];
}

function randomSpec(random: Random, id: string) {
  return appSpec(id, {
    instances: randomBelow(random, 6),
    cmd: `version ${String(randomBelow(random, 3))}`,
    backoffSeconds: randomBelow(random, 3),
    unreachableStrategy: STRATEGIES[randomBelow(random, 2)] ?? 'disabled',
    upgradeStrategy: {
      minimumHealthCapacity: randomBelow(random, 3) / 2,
      maximumOverCapacity: randomBelow(random, 3) / 2,
    },
  });
}

async function disturb(platform: TestPlatform, random: Random): Promise<void> {
  const id = pick(random, APPS) ?? '/a';
  const { engine, master } = platform;
  const force = randomBelow(random, 2) === 0;
  switch (randomBelow(random, 12)) {
    case 0:
    case 1:
    case 2:
      void platform.put([randomSpec(random, id)], { force });
      break;
    case 3:
      void platform.put(
        APPS.map((app) => randomSpec(random, app)),
        { force },
      );
      break;
    case 4:
      if (engine.view.root.app(id) !== undefined) void platform.remove(id, { force });
      break;
    case 5: {
      const deployment = pick(random, engine.view.deployments());
      if (deployment !== undefined) void engine.cancelDeployment(deployment.id, { force });
      break;
    }
    case 6: {
      const instance = pick(random, engine.view.instances(id));
      if (instance !== undefined) void engine.killInstances([instance.id], { wipe: force });
      break;
    }
    case 7:
      master.end(pick(random, master.alive())?.info.task_id.value ?? '', force ? 'TASK_FAILED' : 'TASK_FINISHED');
      break;
    case 8:
      master.loseAgent(randomBelow(random, AGENTS));
      break;
    case 9:
      master.returnAgent(randomBelow(random, AGENTS));
      break;
    case 10:
      master.disconnect();
      break;
    default:
      await platform.crash();
  }
}

async function storm(seed: number): Promise<void> {
  const random = new SeededRandom(`storm ${String(seed)}`);
  const platform = await TestPlatform.started({ agents: AGENTS, cpus: 20 });
  for (let round = 0; round < 40; round += 1) {
    await disturb(platform, random);
    await platform.time.advance(randomBelow(random, 3) === 0 ? randomBelow(random, 20_000) : randomBelow(random, 12));
  }
  for (let index = 0; index < AGENTS; index += 1) platform.master.returnAgent(index);
  const { view } = platform.engine;
  const isAsWanted = (): boolean =>
    view.deployments().length === 0 &&
    [...view.root.apps()].every((app) => {
      const current = view
        .instances(app.id)
        .filter(({ condition, goal }) => condition === 'Running' && goal === 'Running');
      return current.length === app.instances && view.instances(app.id).length === app.instances;
    }) &&
    platform.master.alive().every(({ info }) => view.instanceByTaskId(info.task_id.value) !== undefined) &&
    platform.master.alive().length === [...view.root.apps()].reduce((sum, app) => sum + app.instances, 0);
  expect(await platform.until(isAsWanted, 3_600_000), `seed ${String(seed)}`).toBe(true);
  expect(platform.fatal).toEqual([]);
  await platform.time.advance(100);
  // What memory holds is what is stored: another process would see the same.
  const before = new Map(APPS.flatMap((id) => view.instances(id).map((instance) => [instance.id, instance])));
  await platform.crash();
  await platform.time.advance(10_000);
  const after = new Map(APPS.flatMap((id) => platform.engine.view.instances(id).map((one) => [one.id, one])));
  expect(after).toEqual(before);
}

describe('after any storm', () => {
  it.each(Array.from({ length: 40 }, (_, index) => index + 1))('number %i everything is as wanted', async (seed) => {
    await storm(seed);
  });
});
