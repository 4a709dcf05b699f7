/**
 * Worlds that are broken on purpose, one for each thing that a checker must see. Long because they all stand on the same few
 * ways to break one, below.
 */
import type { AgentOptions } from '@stadion/agent';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { SchedulerConnection } from '@stadion/contract/mesos';
import { describe, expect, it } from 'vitest';
import type { Engine, RootView } from '@stadion/orchestrator';
import { simulate, type SimulationOptions } from './simulation.ts';
import type { World } from './world.ts';

const TEST_MS_MAX = 300_000;

/** The checkers that a broken world makes complain, each once, in order. */
async function complaints(options: Partial<SimulationOptions>): Promise<string[]> {
  const { violations } = await simulate({ seed: 1, steps: 60, faults: 0, ...options });
  return [...new Set(violations.map(({ checker }) => checker))].sort();
}

/** Whether a checker complains in the life of one of a few seeds: not in every life is there an occasion. */
async function isCaughtBy(checker: string, options: Partial<SimulationOptions>): Promise<boolean> {
  for (let seed = 1; seed <= 6; seed += 1) {
    if ((await complaints({ ...options, seed })).includes(checker)) return true;
  }
  return false;
}

describe('a world that nobody has broken', { timeout: TEST_MS_MAX }, () => {
  it('makes no checker complain', async () => {
    expect(await complaints({})).toEqual([]);
  });
});

describe('the checker of invariant 1', { timeout: TEST_MS_MAX }, () => {
  it('sees an agent that promises more than its machine has', async () => {
    const sabotage = (world: World): void => {
      world.doors.agent = (options) => withInfo(options, { cpus: 80 });
    };
    expect(await complaints({ sabotage, machines: 1 })).toEqual(['1 resources']);
  });

  it('sees two tasks on one port', async () => {
    const sabotage = (world: World): void => {
      world.doors.agent = (options) => ({
        ...options,
        containerizer: {
          ...options.containerizer,
          launch: (spec) =>
            options.containerizer.launch({ ...spec, environment: { ...spec.environment, PORTS: '31000' } }),
        },
      });
    };
    expect(await complaints({ sabotage, machines: 1, steps: 5 })).toContain('1 resources');
  });
});

describe('the checker of invariant 2', { timeout: TEST_MS_MAX }, () => {
  it('sees a store that acknowledges before it has written', async () => {
    const sabotage = (world: World): void => {
      world.doors.engineOptions = (options) => ({
        ...options,
        store: {
          ...options.store,
          commit: (operations, epoch) => {
            void options.store.commit(operations, epoch);
            return Promise.resolve();
          },
        },
      });
    };
    expect(await complaints({ sabotage })).toEqual(['2 durability']);
  });

  it('sees a change that was acknowledged and is gone after a crash', async () => {
    const sabotage = (world: World): void => {
      // Nothing of apps is written from the second minute on, until the crash in the third.
      const isForgetful = (): boolean => world.time.monotonic() > 60_000 && world.time.monotonic() < 120_000;
      world.doors.engineOptions = (options) => ({
        ...options,
        store: {
          ...options.store,
          commit: (operations, epoch) => {
            const kept = operations.filter(({ key }) => !/\/(apps|versions|root|groups|deployments)\b/.test(key));
            return options.store.commit(isForgetful() ? kept : operations, epoch);
          },
        },
      });
      world.time.after(120_000, () => {
        world.crashControlPlane();
        void world.startControlPlane();
      });
    };
    expect(await complaints({ sabotage, steps: 100 })).toContain('2 durability');
  });

  it('sees kills that were acknowledged and never carried out', async () => {
    const sabotage = (world: World): void => {
      world.doors.engine = (engine) => ({
        ...engineLike(engine),
        killInstances: () => {
          const told = [...engine.view.root.apps()].flatMap((app) => engine.view.instances(app.id));
          return Promise.resolve({ ok: true, value: told });
        },
      });
    };
    expect(await complaints({ sabotage, steps: 100 })).toContain('2 durability');
  });
});

describe('the books on commands', { timeout: TEST_MS_MAX }, () => {
  it('see a deployment that is cancelled, and not taken back as was asked for', async () => {
    const sabotage = (world: World): void => {
      world.doors.engine = (engine) => ({
        ...engineLike(engine),
        cancelDeployment: (id) => engine.cancelDeployment(id, { force: true }),
      });
    };
    expect(await isCaughtBy('2 durability', { sabotage, steps: 120 })).toBe(true);
  });
});

describe('the checker of invariant 13', { timeout: TEST_MS_MAX }, () => {
  it('sees tasks that stay on a drained machine', async () => {
    const sabotage = (world: World): void => {
      world.doors.engine = (engine) => ({ ...engineLike(engine), emptyAgents: () => undefined });
      drainAll(world);
    };
    expect(await complaints({ sabotage, steps: 20 })).toContain('13 drains');
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
    expect(await complaints({ sabotage, steps: 20 })).toContain('5 capacity');
  });
});

describe('the checker of invariant 4', { timeout: TEST_MS_MAX }, () => {
  it('sees a container that nobody knows', async () => {
    const sabotage = (world: World): void => {
      world.doors.agent = (options, machine) => {
        if (machine !== 'machine-0') return options;
        world.time.after(30_000, () => {
          const environment = { MESOS_TASK_ID: 'ghost', MARATHON_APP_ID: '/ghost' };
          const command = { kind: 'shell', text: 'haunt' } as const;
          void options.containerizer.launch({ containerId: 'ghost', command, environment, directory: '/' });
        });
        return options;
      };
    };
    expect(await complaints({ sabotage })).toEqual(['4 ghosts']);
  });

  it('sees an agent that takes a request to end for the end', async () => {
    const sabotage = (world: World): void => {
      world.doors.agent = (options) => {
        let onExit: Parameters<AgentOptions['containerizer']['recover']>[0] = () => undefined;
        return {
          ...options,
          containerizer: {
            ...options.containerizer,
            recover: (listener) => {
              onExit = listener;
              return options.containerizer.recover(listener);
            },
            kill: (containerId) => {
              onExit(containerId, { kind: 'exited', code: 0 });
            },
          },
        };
      };
    };
    expect(await isCaughtBy('4 ghosts', { sabotage, steps: 12 })).toBe(true);
  });

  it('sees a task that is started twice', async () => {
    const sabotage = (world: World): void => {
      world.doors.agent = (options) => ({
        ...options,
        containerizer: {
          ...options.containerizer,
          launch: async (spec) => {
            await options.containerizer.launch({ ...spec, containerId: `${spec.containerId}-twin` });
            return options.containerizer.launch(spec);
          },
        },
      });
    };
    expect(await complaints({ sabotage, steps: 5 })).toContain('4 ghosts');
  });
});

describe('the checker of invariant 5', { timeout: TEST_MS_MAX }, () => {
  it('sees an engine that ignores minimumHealthCapacity', async () => {
    const sabotage = (world: World): void => {
      world.doors.engine = (engine) => readsOtherStrategy(engine, { minimumHealthCapacity: 0 });
    };
    expect(await isCaughtBy('5 capacity', { sabotage })).toBe(true);
  });

  it('sees an engine that ignores maximumOverCapacity', async () => {
    const sabotage = (world: World): void => {
      world.doors.engine = (engine) => readsOtherStrategy(engine, { maximumOverCapacity: 1 });
    };
    expect(await isCaughtBy('5 capacity', { sabotage })).toBe(true);
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
    expect(await complaints({ sabotage })).toEqual(['2 durability', '5 capacity']);
  });
});

describe('the checker of invariant 6', { timeout: TEST_MS_MAX }, () => {
  it('sees an agent that ends its tasks when it loses its master', async () => {
    const sabotage = (world: World): void => {
      world.doors.agent = (options) => {
        const launched: string[] = [];
        return {
          ...options,
          containerizer: {
            ...options.containerizer,
            launch: (spec) => {
              launched.push(spec.containerId);
              return options.containerizer.launch(spec);
            },
          },
          dialer: {
            dial: (receiver) =>
              options.dialer.dial({
                onMessage: (message) => {
                  receiver.onMessage(message);
                },
                onClosed: () => {
                  for (const containerId of launched) options.containerizer.kill(containerId, 0);
                  receiver.onClosed();
                },
              }),
          },
        };
      };
      world.time.after(60_000, () => {
        world.crashControlPlane();
        void world.startControlPlane();
      });
    };
    expect(await complaints({ sabotage })).toEqual(['6 patience']);
  });

  it('sees an orchestrator that kills what is out of reach', async () => {
    const sabotage = (world: World): void => {
      onConnection(world, (connection) => ({
        ...connection,
        subscribe: (call, receiver) => {
          connection.subscribe(call, {
            onEvent: (event) => {
              receiver.onEvent(event);
              if (event.type !== 'UPDATE' || event.update.status.reason !== 'REASON_AGENT_REMOVED') return;
              const framework_id = { value: world.controlPlane?.engine.view.frameworkId ?? '' };
              connection.send({ type: 'KILL', framework_id, kill: { task_id: event.update.status.task_id } });
            },
            onClosed: (reason) => {
              receiver.onClosed(reason);
            },
          });
        },
      }));
      world.time.after(60_000, () => {
        world.network.setPartition('machine-0', { toMaster: true, toAgent: true });
      });
    };
    expect(await complaints({ sabotage, machines: 3 })).toContain('6 patience');
  });
});

describe('the checker of invariant 11', { timeout: TEST_MS_MAX }, () => {
  it('sees data that is gone and nobody asked for that', async () => {
    const sabotage = (world: World): void => {
      world.time.after(60_000, () => {
        for (const { volumes } of world.machines) {
          for (const [key, making] of [...volumes.made]) volumes.made.set(key, making + 1_000);
        }
      });
    };
    expect(await complaints({ sabotage, seed: 8 })).toEqual(['11 volumes']);
  });

  it('sees an agent that gives one volume to two instances', async () => {
    const sabotage = (world: World): void => {
      let first: string | undefined;
      world.doors.agent = (options) => ({
        ...options,
        containerizer: {
          ...options.containerizer,
          launch: (spec) => {
            const mounts = spec.mounts?.map((mount) => {
              if (!mount.source.includes('#')) return mount;
              first ??= mount.source;
              return { ...mount, source: first };
            });
            return options.containerizer.launch(mounts === undefined ? spec : { ...spec, mounts });
          },
        },
      });
    };
    expect(await complaints({ sabotage, seed: 8 })).toContain('11 volumes');
  });

  it('sees volumes that are left behind', async () => {
    const sabotage = (world: World): void => {
      onConnection(world, (connection) => ({
        ...connection,
        send: (call) => {
          const isGivingBack = call.type === 'ACCEPT' && call.accept.operations.some(({ type }) => type === 'DESTROY');
          if (!isGivingBack) connection.send(call);
        },
      }));
    };
    expect(await isCaughtBy('11 volumes', { sabotage, steps: 120 })).toBe(true);
  });
});

describe('the checker of invariant 9', { timeout: TEST_MS_MAX }, () => {
  it('sees that nothing is launched any more', async () => {
    const sabotage = (world: World): void => {
      onConnection(world, (connection) => ({
        ...connection,
        send: (call) => {
          if (call.type !== 'ACCEPT' || world.time.monotonic() < 60_000) connection.send(call);
        },
      }));
    };
    expect(await complaints({ sabotage })).toContain('9 convergence');
  });

  it('sees a network that never heals', async () => {
    const sabotage = (world: World): void => {
      world.network.heal = () => undefined;
      world.time.after(60_000, () => {
        world.network.setPartition('machine-0', { toMaster: true, toAgent: true });
      });
    };
    expect(await complaints({ sabotage, machines: 3 })).toContain('9 convergence');
  });
});

/** An operator gives the first two machines a day to become empty. */
function drainAll(world: World): void {
  world.time.after(20_000, () => {
    const now = world.time.now();
    const drain = { startedAt: now, deadline: now + 86_400_000, markGone: false };
    for (const machine of world.machines.slice(0, 2)) world.operators.treat(machine, { drain });
  });
}

function onConnection(world: World, wrap: (connection: SchedulerConnection) => SchedulerConnection): void {
  world.doors.engineOptions = (options) => ({ ...options, connection: wrap(options.connection) });
}

function withInfo(options: AgentOptions, { cpus }: { readonly cpus: number }): AgentOptions {
  const resources = options.info.resources.map((resource) =>
    resource.name === 'cpus' ? { ...resource, scalar: { value: cpus } } : resource,
  );
  return { ...options, info: { ...options.info, resources } };
}

function engineLike(engine: Engine): Engine {
  return {
    view: engine.view,
    events: engine.events,
    changeRoot: (change, options) => engine.changeRoot(change, options),
    planChange: (change) => engine.planChange(change),
    controlDeployment: (id, action, by) => engine.controlDeployment(id, action, by),
    freezeInstance: (id) => engine.freezeInstance(id),
    setPolicy: (groupId, policy) => engine.setPolicy(groupId, policy),
    killInstances: (ids, options) => engine.killInstances(ids, options),
    cancelDeployment: (id, options) => engine.cancelDeployment(id, options),
    resetDelay: (appId) => engine.resetDelay(appId),
    emptyAgents: (ids) => {
      engine.emptyAgents(ids);
    },
    start: () => engine.start(),
    stop: () => engine.stop(),
  };
}

/** An engine that goes by another upgrade strategy than the one it was given, and shows the one it was given. */
function readsOtherStrategy(engine: Engine, other: Partial<AppDefinition['upgradeStrategy']>): Engine {
  const given = new Map<string, AppDefinition['upgradeStrategy']>();
  const keyOf = (app: AppDefinition): string => `${app.id} ${app.versionInfo.lastConfigChangeAt}`;
  const shown = <App extends AppDefinition | undefined>(app: App): App => {
    const strategy = app === undefined ? undefined : given.get(keyOf(app));
    return app === undefined || strategy === undefined ? app : { ...app, upgradeStrategy: strategy };
  };
  const view = (root: RootView): RootView => ({
    version: root.version,
    app: (id) => shown(root.app(id)),
    apps: (groupId) => [...root.apps(groupId)].map((app) => shown(app)),
    spec: (id) => shown(root.spec(id)),
    specs: (groupId) => [...root.specs(groupId)].map((spec) => shown(spec)),
    isGroup: (id) => root.isGroup(id),
    group: (id) => root.group(id),
    groups: (groupId) => root.groups(groupId),
    rootVersions: () => root.rootVersions(),
    rootAt: (version) => root.rootAt(version),
    appVersions: (id) => root.appVersions(id),
    appAtVersion: (id, version) => shown(root.appAtVersion(id, version)),
    isServicePortUsed: (port) => root.isServicePortUsed(port),
  });
  return {
    ...engineLike(engine),
    view: Object.create(engine.view, { root: { get: () => view(engine.view.root) } }) as Engine['view'],
    changeRoot: (change, options) =>
      engine.changeRoot((root, version) => {
        const outcome = change(view(root), version);
        if (!outcome.ok) return outcome;
        const upserts = outcome.value.upserts.map((app) => {
          given.set(keyOf(app), app.upgradeStrategy);
          return { ...app, upgradeStrategy: { ...app.upgradeStrategy, ...other } };
        });
        return { ok: true, value: { ...outcome.value, upserts } };
      }, options),
  };
}
