/** Builds every room from the configuration, starts them in the order of their dependencies and stops them in reverse. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PlatformError, assert, describeError, errorCode, type Logger, type Timers } from '@stadion/base';
import { createAgentHttp, ownUser, type Agent } from '@stadion/agent';
import type { PlatformAddresses, ServerConfig } from '@stadion/contract';
import { createMaster, createMasterHttp, type Master } from '@stadion/master';
import { createEngine, createOrchestratorHttp, type Engine } from '@stadion/orchestrator';
import { createMemoryStore, openLmdbStore, type Election, type Store } from '@stadion/store';
import { urlOf } from './addresses.ts';
import { StoredAgentRegistry } from './agent-registry.ts';
import { buildAgent } from './build-agent.ts';
import { chooseFreePorts } from './free-ports.ts';
import { inProcessDialer } from './in-process-link.ts';
import { assertLoopback } from './listen-address.ts';
import { listen } from './listening.ts';
import { openLog } from './logging.ts';
import { systemPorts, type SystemPorts } from './system-ports.ts';
import { MESOS_VERSION } from './version.ts';
import { removePidFile, writePidFile, writeWhole } from './pid-file.ts';

/** How long tasks have to end when the platform stops together with them. */
const END_TASKS_DEADLINE_MS = 30_000;

/** A running platform. */
export interface Platform {
  readonly addresses: PlatformAddresses;
  readonly dataDirectory: string;
  readonly logPath: string;
  /** Resolves with the reason when the platform can no longer act and must be started anew. */
  readonly failed: Promise<unknown>;
  /** Stops everything. Tasks run on, unless `endTasks` says to end them first. */
  stop(options: { readonly endTasks: boolean }): Promise<void>;
}

/** Things to undo, last first. */
class Undoing {
  private readonly steps: (() => Promise<unknown>)[] = [];

  add(step: () => Promise<unknown>): void {
    this.steps.push(step);
  }

  /** Undoes everything, whatever fails on the way. */
  async run(log: Logger): Promise<void> {
    for (const step of this.steps.splice(0).reverse()) {
      await step().catch((error: unknown) => {
        log.error({ error: describeError(error) }, 'a part did not stop cleanly');
      });
    }
  }
}

/**
 * Starts every role in this process.
 * @throws PlatformError, with everything that was already started stopped again
 */
export async function startPlatform(wanted: ServerConfig): Promise<Platform> {
  assertLoopback(wanted.bindAddress);
  const config = await withRealPorts(wanted);
  const ports = systemPorts();
  const dataDirectory = resolve(config.dataDir);
  await makeDataDirectory(dataDirectory);
  const log = await openLog(join(dataDirectory, 'log'), config.logLevel, ports.time);
  const undoing = new Undoing();
  undoing.add(() => {
    log.close();
    return Promise.resolve();
  });
  try {
    return await startRooms(config, ports, dataDirectory, { logger: log.logger, path: log.path }, undoing);
  } catch (error) {
    log.logger.error({ error: describeError(error) }, 'the platform did not start');
    await undoing.run(log.logger);
    throw error;
  }
}

async function startRooms(
  config: ServerConfig,
  ports: SystemPorts,
  dataDirectory: string,
  log: { readonly logger: Logger; readonly path: string },
  undoing: Undoing,
): Promise<Platform> {
  const { time, random } = ports;
  const { logger } = log;
  const hostname = config.hostname ?? config.bindAddress;
  const { store, election } = await openStore(config, time, dataDirectory, logger);
  undoing.add(() => store.close());
  const leadership = await election.campaign(hostname);
  let fail: (reason: unknown) => void = () => undefined;
  const failed = new Promise<unknown>((resolveFailed) => {
    fail = resolveFailed;
  });
  void leadership.lost.then(() => {
    fail(new PlatformError('leadership-lost', 'Another instance has taken over the state.'));
  });

  const master = createMaster({
    registry: new StoredAgentRegistry(store, leadership.epoch, logger.child({ room: 'master' })),
    clock: time,
    timers: time,
    random: random.stream('master'),
    log: logger.child({ room: 'master' }),
    info: { hostname, ip: config.bindAddress, port: config.masterPort, version: MESOS_VERSION },
  });
  await master.start();
  undoing.add(() => master.stop());

  const engine = createEngine({
    store,
    epoch: leadership.epoch,
    connection: master.connect(),
    clock: time,
    timers: time,
    random: random.stream('orchestrator'),
    log: logger.child({ room: 'orchestrator' }),
    config: { hostname, user: ownUser().name },
    onFatal: fail,
  });
  await engine.start();
  undoing.add(() => engine.stop());

  const agent = await buildAgent({
    config,
    ports,
    dataDirectory,
    hostname,
    log: logger.child({ room: 'agent' }),
    dialer: inProcessDialer(master.acceptor, time),
  });
  await agent.start();
  undoing.add(() => agent.stop());

  const addresses = await openApis(config, { master, engine, agent }, ports, logger, undoing);
  await writePidFile(dataDirectory, addresses);
  undoing.add(() => removePidFile(dataDirectory));
  if (config.addressesFile !== undefined) {
    await writeWhole(resolve(config.addressesFile), `${JSON.stringify(addresses, undefined, 2)}\n`);
  }
  logger.info({ addresses, epoch: leadership.epoch }, 'the platform is ready');
  return {
    addresses,
    dataDirectory,
    logPath: log.path,
    failed,
    async stop({ endTasks }) {
      if (endTasks) {
        // First whoever would start them anew.
        await engine.stop();
        const ended = await agent.endTasks(END_TASKS_DEADLINE_MS);
        if (!ended) logger.warn({}, 'some tasks did not end in time');
      }
      await leadership.resign();
      await undoing.run(logger);
    },
  };
}

async function openStore(
  config: ServerConfig,
  timers: Timers,
  dataDirectory: string,
  log: Logger,
): Promise<{ readonly store: Store; readonly election: Election }> {
  if (config.store === 'memory') {
    const store = createMemoryStore();
    return { store, election: store };
  }
  const store = await openLmdbStore({
    directory: join(dataDirectory, 'store'),
    timers,
    log: log.child({ room: 'store' }),
  });
  return { store, election: store };
}

async function openApis(
  config: ServerConfig,
  rooms: { readonly master: Master; readonly engine: Engine; readonly agent: Agent },
  ports: SystemPorts,
  log: Logger,
  undoing: Undoing,
): Promise<PlatformAddresses> {
  const address = config.bindAddress;
  const { time, random } = ports;
  const masterHttp = createMasterHttp(rooms.master);
  undoing.add(() => masterHttp.close());
  const master = await listen(masterHttp, { address, port: config.masterPort, flag: '--master-port' });
  const agentHttp = createAgentHttp(rooms.agent, { clock: time });
  undoing.add(() => agentHttp.close());
  const agent = await listen(agentHttp, { address, port: config.agentPort, flag: '--agent-port' });
  const leader = new URL(urlOf({ address, port: config.orchestratorPort })).host;
  const orchestratorHttp = createOrchestratorHttp(rooms.engine, {
    time,
    random: random.stream('orchestrator-api'),
    log: log.child({ room: 'orchestrator-api' }),
    leader: () => leader,
    ready: () => true,
    info: { marathonConfig: { master, mesos_leader_ui_url: `${master}/`, hostname: config.hostname ?? address } },
  });
  undoing.add(() => orchestratorHttp.close());
  const orchestrator = await listen(orchestratorHttp, {
    address,
    port: config.orchestratorPort,
    flag: '--orchestrator-port',
  });
  return { orchestrator, master, agent };
}

async function makeDataDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new PlatformError(
      'data-directory-unusable',
      `The data directory ${directory} cannot be made (${errorCode(error) ?? 'unknown error'}). ` +
        'Give another one with --data-dir.',
      { cause: error },
    );
  }
}

async function withRealPorts(config: ServerConfig): Promise<ServerConfig> {
  const wanted = [config.orchestratorPort, config.masterPort, config.agentPort];
  const [orchestratorPort, masterPort, agentPort] = await chooseFreePorts(config.bindAddress, wanted);
  assert(
    orchestratorPort !== undefined && masterPort !== undefined && agentPort !== undefined,
    'a port was chosen for each role',
  );
  return { ...config, orchestratorPort, masterPort, agentPort };
}
