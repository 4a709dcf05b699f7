/** The same for several servers, for names, and for limits. */
import { serves, taskIdsOf, type Engine } from '@stadion/orchestrator';
import type { EnsembleClient } from '@stadion/store/simulated-ensemble';
import { describe, expect, it } from 'vitest';
import { TEST_MS_MAX, complaints, complaintsIn, engineLike } from './testing/broken-worlds.ts';
import type { ServerCluster } from './server-cluster.ts';
import type { World } from './world.ts';

type Instance = NonNullable<ReturnType<Engine['view']['instanceByTaskId']>>;

const SMALL = { servers: 3 } as const;

describe('several servers that nobody has broken', { timeout: TEST_MS_MAX }, () => {
  it('make no checker complain while one after the other loses the lead', async () => {
    const sabotage = (world: World): void => {
      for (const atMs of [40_000, 70_000]) world.time.after(atMs, () => loseLead(world));
    };
    expect(await complaintsIn(1, { ...SMALL, sabotage, steps: 15 })).toEqual([]);
  });

  it('are asked for nothing while the one that leads stands still', async () => {
    const asked = { before: 0, meanwhile: 0 };
    const sabotage = (world: World): void => {
      world.doors.engine = (engine) => ({
        ...engineLike(engine),
        changeRoot: (change, options) => {
          asked[world.host.standsStill ? 'meanwhile' : 'before'] += 1;
          return engine.changeRoot(change, options);
        },
      });
      world.time.after(40_000, () => loseLead(world));
    };
    await complaintsIn(1, { ...SMALL, sabotage, steps: 15 });
    expect(asked.before).toBeGreaterThan(0);
    expect(asked.meanwhile).toBe(0);
  });
});

describe('the checker of invariant 3', { timeout: TEST_MS_MAX }, () => {
  it('sees writes that carry no epoch', async () => {
    const sabotage = (world: World): void => {
      const { ensemble } = clusterOf(world);
      const transact = ensemble.transact.bind(ensemble);
      ensemble.transact = (session, changes) =>
        transact(
          session,
          changes.filter(({ type, path }) => type !== 'check' || !path.endsWith('/epoch')),
        );
    };
    expect(await complaints({ ...SMALL, sabotage })).toContain('3 leadership');
  });

  it('sees an agent that goes back to a leader of the past', async () => {
    const sabotage = (world: World): void => {
      world.time.after(40_000, () => {
        world.tell((observer) => observer.onLink?.('machine-0', 2));
        world.tell((observer) => observer.onLink?.('machine-0', 1));
      });
    };
    expect(await complaints({ ...SMALL, sabotage })).toEqual(['3 leadership']);
  });

  it('sees an orchestrator that goes on although another server leads', async () => {
    const sabotage = (world: World): void => {
      world.time.after(40_000, () => {
        const engine = world.controlPlane?.engine;
        const [victim] = engine?.view.instances('/untouched') ?? [];
        loseLead(world);
        world.time.after(20_000, () => {
          const [stale] = clusterOf(world).staleReigns;
          const task_id = { value: `${victim?.id ?? ''}._app.${String(victim?.incarnation)}` };
          const call = { type: 'KILL', framework_id: { value: 'any' }, kill: { task_id } } as const;
          world.tell((observer) => observer.onStaleCall?.(call, stale?.reign.epoch ?? 0));
        });
      });
    };
    expect(await complaints({ ...SMALL, sabotage })).toEqual(['3 leadership']);
  });
});

describe('the checker of invariant 8', { timeout: TEST_MS_MAX }, () => {
  it('sees names that nobody takes away', async () => {
    const sabotage = (world: World): void => {
      world.doors.news = (event) =>
        event.eventType === 'instance_serving_changed_event' && !event.serving ? undefined : event;
      // What is told to end runs on: its agent does not hear of it.
      world.time.after(60_000, () => {
        for (const { name } of world.machines) world.network.setPartition(name, { toMaster: false, toAgent: true });
        const engine = world.controlPlane?.engine;
        const ids = engine?.view.instances('/untouched').map(({ id }) => id) ?? [];
        void engine?.killInstances(ids, { wipe: false });
      });
    };
    expect(await complaints({ sabotage })).toContain('8 names');
  });

  it('sees what is over and said to serve, also while a disk is full of which no server has anything', async () => {
    const sabotage = (world: World): void => {
      world.diskFaults.isFull = true;
      let isHonest = false;
      world.doors.engine = (engine) => {
        const served = new Map<string, Instance>();
        const instanceByTaskId = (taskId: string): Instance | undefined => {
          const instance = engine.view.instanceByTaskId(taskId);
          if (instance !== undefined && serves(instance, undefined)) served.set(taskId, instance);
          return isHonest ? instance : served.get(taskId);
        };
        const view = Object.create(engine.view, { instanceByTaskId: { value: instanceByTaskId } }) as Engine['view'];
        return { ...engineLike(engine), view };
      };
      world.time.after(50_000, () => {
        const instances = world.controlPlane?.engine.view.instances('/untouched') ?? [];
        for (const taskId of instances.flatMap(taskIdsOf)) world.controlPlane?.engine.view.instanceByTaskId(taskId);
        for (const machine of world.machines) void machine.reboot().then(() => machine.start());
      });
      // All is well before faults end, and the disk with them.
      world.time.after(120_000, () => {
        isHonest = true;
      });
    };
    expect(await complaintsIn(1, { ...SMALL, steps: 60, sabotage })).toEqual(['8 names']);
  });

  it('gives time to write down what a full disk has held up', async () => {
    const sabotage = (world: World): void => {
      world.time.after(20_000, () => {
        world.diskFaults.isFull = true;
      });
      for (const [index, machine] of world.machines.entries()) {
        world.time.after(25_000 + 5_000 * index, () => void machine.reboot().then(() => machine.start()));
      }
      world.time.after(120_000, () => {
        world.diskFaults.isFull = false;
      });
    };
    expect(await complaintsIn(1, { steps: 60, machines: 6, sabotage })).toEqual([]);
  });
});

describe('the checker of invariant 10', { timeout: TEST_MS_MAX }, () => {
  it('sees watchers that stay behind', async () => {
    const sabotage = (world: World): void => {
      const { ensemble } = clusterOf(world);
      const openSession = ensemble.openSession.bind(ensemble);
      ensemble.openSession = (client: EnsembleClient) => {
        const session = openSession(client);
        const children = session.children.bind(session);
        session.children = (path, onChange) => children(path, onChange === undefined ? undefined : () => onChange());
        return session;
      };
    };
    expect(await complaints({ ...SMALL, sabotage })).toEqual(['10 limits']);
  });
});

function clusterOf({ cluster }: World): ServerCluster {
  if (cluster === undefined) throw new Error('there are several servers');
  return cluster;
}

/** The leader stands still for longer than its session lasts, and goes on without knowing. */
function loseLead(world: World): void {
  const server = clusterOf(world).leading();
  server?.suspend();
  world.time.after(25_000, () => {
    server?.resume();
  });
}
