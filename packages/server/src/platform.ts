/** Builds every room from the configuration, starts them in the order of their dependencies and stops them in reverse. */
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { authorizationOf } from '@stadion/access';
import { PlatformError, assert, describeError, errorCode, type Logger } from '@stadion/base';
import type { PlatformAddresses, ServerConfig } from '@stadion/contract';
import { hostnameOf } from './addresses.ts';
import { HttpAcceptor, takeAgentLinks } from './agent-link/http-acceptor.ts';
import { buildAgent } from './build-agent.ts';
import { openVault } from './stored-secrets.ts';
import { openDns } from './build-dns.ts';
import { startEdge } from './build-edge.ts';
import { chooseFreePorts } from './free-ports.ts';
import { inProcessDialer } from './in-process-link.ts';
import { writeJoinToken } from './join-file.ts';
import { startControlPlane } from './control-plane.ts';
import { assertListenable, loadAccess } from './listen-address.ts';
import { openApis } from './open-apis.ts';
import { openStore } from './open-store.ts';
import { whenPermitted } from './permitted-upgrade.ts';
import { openLog } from './logging.ts';
import { systemPorts, type SystemPorts } from './system-ports.ts';
import { Undoing } from './undoing.ts';
import { removePidFile, writePidFile, writeWhole } from './pid-file.ts';

/** How long tasks have to end when the platform stops together with them. */
export const END_TASKS_DEADLINE_MS = 30_000;

/** A running platform. */
export interface Platform {
  readonly addresses: Partial<PlatformAddresses>;
  readonly dataDirectory: string;
  readonly logPath: string;
  /** What a person should know, one sentence each. */
  readonly remarks?: readonly string[];
  /** The file of the token with which others join; absent when nobody can. */
  readonly joinTokenPath?: string | undefined;
  /** Resolves with the reason when the platform can no longer act and must be started anew. */
  readonly failed: Promise<unknown>;
  /** Resolves when somebody has asked it to step down as the leader and it is to be started anew; absent where others lead. */
  readonly abdicated?: Promise<void>;
  /** Stops everything. Tasks run on, unless `endTasks` says to end them first. */
  stop(options: { readonly endTasks: boolean }): Promise<void>;
}

/**
 * Starts every role in this process.
 * @throws PlatformError, with everything that was already started stopped again
 */
export async function startPlatform(wanted: ServerConfig): Promise<Platform> {
  assertListenable(wanted);
  // Whoever waits for this file must not find that of an earlier platform.
  if (wanted.addressesFile !== undefined) await rm(resolve(wanted.addressesFile), { force: true });
  const config = await withRealPorts(wanted);
  const ports = systemPorts();
  const dataDirectory = resolve(config.dataDir);
  await makeDataDirectory(dataDirectory);
  const log = await openLog(join(dataDirectory, 'log'), config.logLevel);
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
  const { time } = ports;
  const { logger } = log;
  const hostname = hostnameOf(config);
  const { secret, access } = await loadAccess(config, ports, logger, undoing);
  const store = await openStore(config, dataDirectory, time, logger.child({ room: 'store' }));
  undoing.add(() => store.close());
  const leadership = await store.campaign(hostname);
  let fail: (reason: unknown) => void = () => undefined;
  const failed = new Promise<unknown>((resolveFailed) => {
    fail = resolveFailed;
  });
  void leadership.lost.then(() => {
    fail(new PlatformError('leadership-lost', 'Another instance has taken over the state.'));
  });

  let abdicate: () => void = () => undefined;
  const abdicated = new Promise<void>((resolve) => {
    abdicate = resolve;
  });

  const parts = { config, secret, ports, hostname, log: logger, store, epoch: leadership.epoch, onFatal: fail };
  const { master, engine } = await startControlPlane(parts, undoing);
  const vault = await openVault(config, ports, dataDirectory, { store, epoch: leadership.epoch });
  const agent = await buildAgent({
    vault,
    config,
    ports,
    dataDirectory,
    hostname,
    log: logger.child({ room: 'agent' }),
    dialer: inProcessDialer(master.acceptor, time),
  });
  undoing.add(() => agent.stop());
  await agent.start();

  const admission = { secret, access, ownNames: new Set([hostname.toLowerCase()]) };
  const links = new HttpAcceptor(master.acceptor, leadership.epoch, logger.child({ room: 'agent-links' }));
  const apis = await openApis(
    {
      config,
      secret,
      access,
      vault,
      ports,
      log: logger,
      abdicate,
      onMasterServer: (server) => {
        takeAgentLinks(server, links, admission, (request, socket, proceed) => {
          whenPermitted(request, socket, admission, 'master', proceed);
        });
      },
    },
    { master, engine, agent },
    (close) => {
      undoing.add(close);
    },
  );
  // Stopped before the server that took them, which waits for every connection.
  undoing.addNow(() => {
    links.close();
  });
  const dns = await openDns(
    config,
    {
      masters: [apis.master],
      orchestrator: apis.orchestrator,
      authorization: secret === undefined ? undefined : authorizationOf(secret),
    },
    { ports, log: logger, dataDirectory, admission },
    (close) => {
      undoing.add(close);
    },
  );
  const remarks = [...dns.remarks];
  const addresses = {
    ...apis,
    ...dns.addresses,
    ...(config.edge === 'off'
      ? {}
      : await startEdge(
          {
            config,
            ports,
            dataDirectory,
            hostname,
            secret,
            access,
            log: logger.child({ room: 'edge' }),
            orchestrators: [apis.orchestrator],
            remark: (text) => remarks.push(text),
          },
          undoing,
        )),
  };
  undoing.add(() => removePidFile(dataDirectory));
  await writePidFile(dataDirectory, addresses);
  const joinTokenPath = await writeJoinToken(dataDirectory, secret, { zk: undefined, masters: [addresses.master] });
  if (config.addressesFile !== undefined) await writeAddresses(resolve(config.addressesFile), addresses);
  logger.info({ addresses, epoch: leadership.epoch }, 'the platform is ready');
  return {
    addresses,
    dataDirectory,
    logPath: log.path,
    joinTokenPath,
    remarks,
    failed,
    abdicated,
    async stop({ endTasks }) {
      if (endTasks) {
        // First whoever would start them anew; should that fail, the tasks are ended all the same.
        await engine.stop().catch((error: unknown) => {
          logger.error({ error: describeError(error) }, 'the orchestrator did not stop cleanly');
        });
        const ended = await agent.endTasks(END_TASKS_DEADLINE_MS);
        if (!ended) logger.warn({}, 'some tasks did not end in time');
      }
      await leadership.resign();
      await undoing.run(logger);
    },
  };
}

/** Writes the real URLs for whoever waits for them. @throws PlatformError `addresses-file-unwritable` */
export async function writeAddresses(path: string, addresses: Partial<PlatformAddresses>): Promise<void> {
  try {
    await writeWhole(path, `${JSON.stringify(addresses, undefined, 2)}\n`);
  } catch (error) {
    throw new PlatformError(
      'addresses-file-unwritable',
      `The addresses cannot be written to ${path} (${errorCode(error) ?? 'unknown error'}). ` +
        'Give a file in a folder that exists with --addresses-file.',
      { cause: error },
    );
  }
}

/** @throws PlatformError `data-directory-unusable` */
export async function makeDataDirectory(directory: string): Promise<void> {
  try {
    // As root, tasks may run as other users: they pass through to their sandboxes. What is not for them is closed itself.
    await mkdir(directory, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
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
