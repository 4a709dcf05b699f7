/** Builds every room from the configuration, starts them in the order of their dependencies and stops them in reverse. */
import type { Agent } from '@stadion/agent';
import type { SecretSource } from '@stadion/agent/containerizers';
import { assert, describeError, type Logger } from '@stadion/base';
import type { PlatformAddresses, ServerConfig } from '@stadion/contract';
import type { Engine } from '@stadion/orchestrator';
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
import { openApis } from './open-apis.ts';
import { whenPermitted } from './permitted-upgrade.ts';
import { END_TASKS_DEADLINE_MS, type Platform } from './running-role.ts';
import { leadAlone } from './sole-leadership.ts';
import { startRole, type RoleParts, type StartedRole } from './start-role.ts';
import { clusterFetch } from './tls/own-fetches.ts';
import { overTls } from './tls/requests.ts';

/**
 * Starts every role in this process.
 * @throws PlatformError, with everything that was already started stopped again
 */
export async function startPlatform(wanted: ServerConfig): Promise<Platform> {
  return startRole(wanted, { name: 'the platform', pidFile: 'platform' }, async (parts) => {
    return startRooms(await withRealPorts(wanted), parts);
  });
}

async function startRooms(config: ServerConfig, parts: RoleParts): Promise<StartedRole> {
  const { ports, dataDirectory, hostname, logger, undoing, secret, access, tls } = parts;
  const leadership = await leadAlone(config, parts);
  const { store, epoch } = leadership;
  const { master, engine } = await startControlPlane(
    { config, secret, tls, ports, hostname, log: logger, store, epoch, onFatal: leadership.fail },
    undoing,
  );
  const vault = await openVault(config, ports, dataDirectory, { store, epoch, log: logger });
  const secrets = vaultSecrets(vault);
  const agent = await buildAgent({
    secrets,
    asksWho: secret !== undefined || access !== undefined,
    config,
    ports,
    dataDirectory,
    hostname,
    log: logger.child({ room: 'agent' }),
    dialer: inProcessDialer(master.acceptor, ports.time),
  });
  undoing.add(() => agent.stop());
  await agent.start();

  const admission = { secret, access, tls, ownNames: new Set([hostname.toLowerCase()]) };
  const onOpened = (close: () => Promise<unknown>): void => {
    undoing.add(close);
  };
  const links = new HttpAcceptor(
    master.acceptor,
    await epochForAgents(store, epoch),
    logger.child({ room: 'agent-links' }),
  );
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
      abdicate: leadership.abdicate,
      logLevels: parts.ownLog.levels,
      ownLog: parts.ownLog,
      names: () => names.url,
      edge: () => edge.url,
      onMasterServer: (server) => {
        takeAgentLinks(server, links, admission, (request, socket, proceed) => {
          whenPermitted(request, socket, admission, 'master', proceed);
        });
      },
    },
    { master, engine, agent },
    onOpened,
  );
  // Stopped before the server that took them, which waits for every connection.
  undoing.addNow(() => {
    links.close();
  });
  const cluster = {
    masters: [apis.master],
    orchestrator: apis.orchestrator,
    fetch: clusterFetch({ secret, tls }),
  };
  const dns = await openDns(config, cluster, { ports, log: logger, dataDirectory, admission }, onOpened);
  names.url = dns.addresses.dnsHttp;
  const remarks = [...dns.remarks];
  const edgeAddresses = await startEdgeOf(apis.orchestrator, config, parts, secrets, remarks);
  if (edgeAddresses.edgeAdmin !== undefined) edge.url = edgeAddresses.edgeAdmin;
  const where = { zk: undefined, masters: [overTls(apis.master, tls)], tls: tls !== undefined };
  return {
    addresses: { ...apis, ...dns.addresses, ...edgeAddresses },
    joinTokenPath: await writeJoinToken(dataDirectory, secret, where, logger),
    remarks,
    ...leadership.ends,
    async beforeStop({ endTasks }) {
      if (endTasks) await endAllTasks(engine, agent, logger);
      await leadership.resign();
    },
  };
}

/** The edge of this platform's own orchestrator, unless it is off: who wants none does not load one. */
async function startEdgeOf(
  orchestrator: string,
  config: ServerConfig,
  { ports, dataDirectory, hostname, logger, undoing, secret, access, tls }: RoleParts,
  secrets: SecretSource,
  remarks: string[],
): Promise<Pick<Partial<PlatformAddresses>, 'edgeHttp' | 'edgeHttps' | 'edgeAdmin'>> {
  if (config.edge === 'off') return {};
  const { startEdge } = await import('./build-edge.ts');
  return startEdge(
    {
      config,
      ports,
      dataDirectory,
      hostname,
      secret,
      access,
      tls,
      log: logger.child({ room: 'edge' }),
      orchestrators: [orchestrator],
      secrets,
      secretsAreRemote: false,
      shownSecret: secret,
      remark: (text) => remarks.push(text),
    },
    undoing,
  );
}

/** Ends all tasks, and first whoever would start them anew; should that fail, the tasks are ended all the same. */
async function endAllTasks(engine: Engine, agent: Agent, logger: Logger): Promise<void> {
  await engine.stop().catch((error: unknown) => {
    logger.error({ error: describeError(error) }, 'the orchestrator did not stop cleanly');
  });
  if (!(await agent.endTasks(END_TASKS_DEADLINE_MS))) logger.warn({}, 'some tasks did not end in time');
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
