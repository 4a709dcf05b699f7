/** What the leader runs: the master and the orchestrator, on a store under an epoch. */
import { unusedTasksBy } from './unused-tasks.ts';
import { ownUser } from '@stadion/agent';
import type { Secret } from '@stadion/access';
import type { Logger } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import { createMaster, type Master } from '@stadion/master';
import { createEngine, followDrains, type Engine } from '@stadion/orchestrator';
import type { Store } from '@stadion/store';
import { advertisedAddress, urlOf } from './addresses.ts';
import { agentProbe } from './agent-probe.ts';
import { StoredAgentRegistry } from './agent-registry.ts';
import { assertWhole } from './backup/restoring.ts';
import { watchHeap } from './heap-watch.ts';
import { StoredSettingsRegistry } from './settings-registry.ts';
import type { SystemPorts } from './system-ports.ts';
import type { NodeTls } from './tls/node-tls.ts';
import type { Undoing } from './undoing.ts';
import { MESOS_VERSION } from './version.ts';

/** What it is made of. */
export interface ControlPlaneParts {
  /** With real ports, none of them 0. */
  readonly config: ServerConfig;
  readonly secret: Secret | undefined;
  readonly tls: NodeTls | undefined;
  readonly ports: SystemPorts;
  /** How others reach this machine. */
  readonly hostname: string;
  readonly log: Logger;
  readonly store: Store;
  /** Under which everything is written. */
  readonly epoch: number;
  /** Told once when it can no longer act. */
  readonly onFatal: (reason: unknown) => void;
}

/** The rooms of the leader, running. */
export interface ControlPlane {
  readonly master: Master;
  readonly engine: Engine;
}

/** Starts it; what is to be stopped again is added to `undoing`, also when the start fails half-way. */
export async function startControlPlane(parts: ControlPlaneParts, undoing: Undoing): Promise<ControlPlane> {
  const { config, hostname, log, store, epoch } = parts;
  const { time, random } = parts.ports;
  await assertWhole(store);
  const watching = watchHeap(log, time);
  undoing.addNow(() => {
    watching.cancel();
  });
  const master = createMaster({
    registry: new StoredAgentRegistry(store, epoch, log.child({ room: 'master' })),
    settings: new StoredSettingsRegistry(store, epoch),
    probeAgent: agentProbe(parts.tls, time),
    clock: time,
    timers: time,
    random: random.stream('master'),
    log: log.child({ room: 'master' }),
    info: {
      hostname,
      ip: advertisedAddress(config.bindAddress),
      port: config.masterPort,
      version: MESOS_VERSION,
      ...(config.clusterName === undefined ? {} : { clusterName: config.clusterName }),
    },
  });
  undoing.add(() => master.stop());
  await master.start();

  const engine = createEngine({
    store,
    epoch,
    connection: master.connect(),
    clock: time,
    timers: time,
    random: random.stream('orchestrator'),
    log: log.child({ room: 'orchestrator' }),
    config: { hostname, user: ownUser().name, drainMs: config.drainSeconds * 1000 },
    unusedTasks: unusedTasksBy(
      urlOf({ address: advertisedAddress(config.bindAddress), port: config.masterPort }),
      time,
      parts,
    ),
    onFatal: parts.onFatal,
  });
  undoing.add(() => engine.stop());
  await engine.start();
  undoing.addNow(followDrains(() => master.view?.upkeep, engine, time));
  return { master, engine };
}
