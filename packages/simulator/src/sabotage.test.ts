/** Worlds that are broken on purpose, one for each thing that the checkers of machines and records must see. */
import type { AgentOptions } from '@stadion/agent';
import { launchedTasks, type OfferOperation } from '@stadion/contract/mesos';
import { describe, expect, it } from 'vitest';
import { TEST_MS_MAX, complaints, complaintsIn, engineLike, onConnection, withInfo } from './testing/broken-worlds.ts';
import type { World } from './world.ts';

describe('a world that nobody has broken', { timeout: TEST_MS_MAX }, () => {
  it('makes no checker complain', async () => {
    expect(await complaintsIn(1, { steps: 40, machines: 3, apps: 4 })).toEqual([]);
  });
});

describe('a world in which time stands still', { timeout: TEST_MS_MAX }, () => {
  it('ends, and says so', async () => {
    const sabotage = (world: World): void => {
      const again = (): void => {
        world.time.after(0, again);
      };
      world.time.after(30_000, again);
    };
    expect(await complaintsIn(1, { sabotage })).toEqual(['time goes on']);
  });
});

describe('the checker of invariant 1', { timeout: TEST_MS_MAX }, () => {
  it('sees an agent that promises more than its machine has', async () => {
    const sabotage = (world: World): void => {
      world.doors.agent = (options) => withInfo(options, { cpus: 80 });
    };
    expect(await complaints({ sabotage })).toEqual(['1 resources']);
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
    expect(await complaints({ sabotage })).toContain('1 resources');
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
        world.host.crash();
        void world.host.start();
      });
    };
    expect(await complaints({ sabotage, steps: 12, apps: 3 })).toContain('2 durability');
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
    expect(await complaints({ sabotage })).toEqual(['2 durability']);
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
    expect(await complaints({ sabotage }, 2)).toEqual(expect.arrayContaining(['1 resources', '4 ghosts']));
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
    expect(await complaints({ sabotage })).toContain('4 ghosts');
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
        world.host.crash();
        void world.host.start();
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
    expect(await complaints({ sabotage })).toContain('6 patience');
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
    expect(await complaints({ sabotage })).toEqual(['11 volumes']);
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
    expect(await complaints({ sabotage })).toContain('11 volumes');
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
    expect(await complaints({ sabotage })).toEqual(['11 volumes']);
  });

  it('sees more reserved for an instance than it needs', async () => {
    const sabotage = (world: World): void => {
      onConnection(world, (connection) => ({
        ...connection,
        send: (call) => {
          if (call.type !== 'ACCEPT') {
            connection.send(call);
            return;
          }
          const operations = call.accept.operations.flatMap((each) =>
            each.type === 'RESERVE' ? [each, onlyCpus(each)] : [each],
          );
          connection.send({ ...call, accept: { ...call.accept, operations } });
        },
      }));
    };
    expect(await complaints({ sabotage })).toEqual(['11 volumes']);
  });
});

describe('the checker of invariant 9', { timeout: TEST_MS_MAX }, () => {
  it('sees that nothing is launched any more', async () => {
    const sabotage = (world: World): void => {
      onConnection(world, (connection) => ({
        ...connection,
        send: (call) => {
          const launches = call.type === 'ACCEPT' && call.accept.operations.flatMap(launchedTasks).length > 0;
          if (!launches || world.time.monotonic() < 25_000) connection.send(call);
        },
      }));
    };
    expect(await complaints({ sabotage })).toEqual(['9 convergence']);
  });

  it('sees a network that never heals', async () => {
    const sabotage = (world: World): void => {
      world.network.heal = () => undefined;
      world.time.after(60_000, () => {
        world.network.setPartition('machine-0', { toMaster: true, toAgent: true });
      });
    };
    expect(await complaints({ sabotage })).toContain('9 convergence');
  });
});

/** The same reservation, of cpus alone. */
function onlyCpus(operation: Extract<OfferOperation, { type: 'RESERVE' }>): OfferOperation {
  const resources = operation.reserve.resources.filter(({ name }) => name === 'cpus');
  return { type: 'RESERVE', reserve: { resources } };
}
