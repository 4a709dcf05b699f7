/** The same for the checkers of deployments and of machines that are to become empty. */
import { describe, expect, it } from 'vitest';
import {
  TEST_MS_MAX,
  complaints,
  drainAll,
  engineLike,
  onConnection,
  readsOtherStrategy,
} from './testing/broken-worlds.ts';
import type { World } from './world.ts';

describe('the books on commands', { timeout: TEST_MS_MAX }, () => {
  it('see a deployment that is cancelled, and not taken back as was asked for', async () => {
    const sabotage = (world: World): void => {
      world.doors.engine = (engine) => ({
        ...engineLike(engine),
        cancelDeployment: (id) => engine.cancelDeployment(id, { force: true }),
      });
    };
    expect(await complaints({ sabotage, steps: 12, apps: 3 })).toEqual(['2 durability']);
  });
});

describe('the checker of invariant 13', { timeout: TEST_MS_MAX }, () => {
  it('sees tasks that stay on a drained machine', async () => {
    const sabotage = (world: World): void => {
      world.doors.engine = (engine) => ({ ...engineLike(engine), emptyAgents: () => undefined });
      drainAll(world);
    };
    expect(await complaints({ sabotage })).toContain('13 drains');
  });

  it('and that of invariant 5 sees instances that leave before others have taken over', async () => {
    const sabotage = (world: World): void => {
      world.doors.engine = (engine) => ({
        ...engineLike(engine),
        emptyAgents: (ids) => {
          engine.emptyAgents(ids);
          const apps = [...engine.view.root.specs()].flatMap(({ id }) => engine.view.instances(id));
          for (const { id, place } of apps) {
            if (place !== undefined && ids.has(place.agentId)) void engine.killInstances([id], { wipe: false });
          }
        },
      });
      drainAll(world);
    };
    expect(await complaints({ sabotage })).toContain('5 capacity');
  });
});

describe('the checker of invariant 5', { timeout: TEST_MS_MAX }, () => {
  it('sees an engine that ignores minimumHealthCapacity', async () => {
    const sabotage = (world: World): void => {
      world.doors.engine = (engine) => readsOtherStrategy(engine, { minimumHealthCapacity: 0 });
    };
    expect(await complaints({ sabotage })).toEqual(['5 capacity']);
  });

  it('sees an engine that ignores maximumOverCapacity', async () => {
    const sabotage = (world: World): void => {
      world.doors.engine = (engine) => readsOtherStrategy(engine, { maximumOverCapacity: 1 });
    };
    expect(await complaints({ sabotage })).toEqual(['5 capacity']);
  });

  it('sees a kill behind the back of the engine, as does that of invariant 2: there is no durable intent', async () => {
    const sabotage = (world: World): void => {
      onConnection(world, (connection) => ({
        ...connection,
        send: (call) => {
          connection.send(call);
          if (call.type !== 'KILL') return;
          const { engine } = world.controlPlane ?? {};
          const victim = engine?.view.instanceByTaskId(call.kill.task_id.value);
          const sibling = engine?.view
            .instances(victim?.appId ?? '')
            .find(({ goal, condition }) => goal === 'Running' && condition === 'Running');
          if (sibling === undefined) return;
          const task_id = { value: `${sibling.id}._app.${String(sibling.incarnation)}` };
          connection.send({ ...call, kill: { task_id } });
        },
      }));
    };
    expect(await complaints({ sabotage }, 2)).toEqual(['2 durability', '5 capacity']);
  });
});
