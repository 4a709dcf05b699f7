/** Builds every room from the configuration, starts them in the order of their dependencies and stops them in reverse. */
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PlatformError, assert, describeError } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import { hostnameOf } from './addresses.ts';
import { epochForAgents } from './backup/restoring.ts';
import { HttpAcceptor, takeAgentLinks } from './agent-link/http-acceptor.ts';
import { buildAgent } from './build-agent.ts';
import { openVault } from './stored-secrets.ts';
import { vaultSecrets } from './agent-secrets.ts';
import { openDns } from './build-dns.ts';
import { chooseFreePorts } from './free-ports.ts';
import { inProcessDialer } from './in-process-link.ts';
import { writeJoinToken } from './join-file.ts';
import { startControlPlane } from './control-plane.ts';
import { assertListenable, loadAccess } from './listen-address.ts';
import { openApis } from './open-apis.ts';
import { openStore } from './open-store.ts';
import { whenPermitted } from './permitted-upgrade.ts';
import { openLog, type PlatformLog } from './logging.ts';
import { END_TASKS_DEADLINE_MS, makeDataDirectory, writeAddresses, type Platform } from './running-role.ts';
import { systemPorts, type SystemPorts } from './system-ports.ts';
import { clusterFetch } from './tls/own-fetches.ts';
import { overTls } from './tls/requests.ts';
import { Undoing } from './undoing.ts';
import { removePidFile, writePidFile } from './pid-file.ts';

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
  const log = await openLog(join(dataDirectory, 'log'), config.logLevel, ports.time);
  const undoing = new Undoing();
  undoing.add(() => {
    log.close();
    return Promise.resolve();
  });
  try {
    return await startRooms(config, ports, dataDirectory, log, undoing);
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
  log: Omit<PlatformLog, 'close'>,
  undoing: Undoing,
): Promise<Platform> {
  const { time } = ports;
  const { logger } = log;
  const hostname = hostnameOf(config);
  const { secret, access, tls } = await loadAccess(config, ports, logger, undoing);
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

  const parts = { config, secret, tls, ports, hostname, log: logger, store, epoch: leadership.epoch, onFatal: fail };
  const { master, engine } = await startControlPlane(parts, undoing);
  const vault = await openVault(config, ports, dataDirectory, { store, epoch: leadership.epoch, log: parts.log });
  const secrets = vaultSecrets(vault);
  const agent = await buildAgent({
    secrets,
    asksWho: secret !== undefined || access !== undefined,
    config,
    ports,
    dataDirectory,
    hostname,
    log: logger.child({ room: 'agent' }),
    dialer: inProcessDialer(master.acceptor, time),
  });
  undoing.add(() => agent.stop());
  await agent.start();

  const admission = { secret, access, tls, ownNames: new Set([hostname.toLowerCase()]) };
  const shown = await epochForAgents(store, leadership.epoch);
  const links = new HttpAcceptor(master.acceptor, shown, logger.child({ room: 'agent-links' }));
  // Both start later: they ask this orchestrator.
  const names: { url?: string } = {};
  const edge: { url?: string } = {};
  const apis = await openApis(
    {
      config,
      secret,
      access,
      tls,
      vault,
      ports,
      log: logger,
      abdicate,
      logLevels: log.levels,
      ownLog: log,
      names: () => names.url,
      edge: () => edge.url,
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
      fetch: clusterFetch({ secret, tls }),
    },
    { ports, log: logger, dataDirectory, admission },
    (close) => {
      undoing.add(close);
    },
  );
  names.url = dns.addresses.dnsHttp;
  const remarks = [...dns.remarks];
  const addresses = {
    ...apis,
    ...dns.addresses,
    ...(config.edge === 'off'
      ? {}
      : // Who wants no edge does not load one.
        await (
          await import('./build-edge.ts')
        ).startEdge(
          {
            config,
            ports,
            dataDirectory,
            hostname,
            secret,
            access,
            tls,
            log: logger.child({ room: 'edge' }),
            orchestrators: [apis.orchestrator],
            secrets,
            secretsAreRemote: false,
            shownSecret: secret,
            remark: (text) => remarks.push(text),
          },
          undoing,
        )),
  };
  if (addresses.edgeAdmin !== undefined) edge.url = addresses.edgeAdmin;
  undoing.add(() => removePidFile(dataDirectory, 'platform'));
  await writePidFile(dataDirectory, 'platform', addresses);
  const joinTokenPath = await writeJoinToken(
    dataDirectory,
    secret,
    {
      zk: undefined,
      masters: [overTls(addresses.master, tls)],
      tls: tls !== undefined,
    },
    logger,
  );
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

async function withRealPorts(config: ServerConfig): Promise<ServerConfig> {
  const wanted = [config.orchestratorPort, config.masterPort, config.agentPort];
  const [orchestratorPort, masterPort, agentPort] = await chooseFreePorts(config.bindAddress, wanted);
  assert(
    orchestratorPort !== undefined && masterPort !== undefined && agentPort !== undefined,
    'a port was chosen for each role',
  );
  return { ...config, orchestratorPort, masterPort, agentPort };
}
