/** `stadion server`: the control plane on several machines. One leads; the others pass everything on to it and wait. */
import { resolve } from 'node:path';
import type { Secret } from '@stadion/access';
import { PlatformError, delay, describeError, randomUuid, type Logger } from '@stadion/base';
import type { PlatformAddresses, ServerConfig } from '@stadion/contract';
import { createStandbyHttp, isOfStandby } from '@stadion/master';
import { Reigns, openZooKeeperStore, type SharedStore } from '@stadion/store';
import { advertisedAddress, urlOf } from '../addresses.ts';
import type { Admission } from '../admission.ts';
import { epochForAgents } from '../backup/restoring.ts';
import { HttpAcceptor } from '../agent-link/http-acceptor.ts';
import { startControlPlane } from '../control-plane.ts';
import { chooseFreePorts } from '../free-ports.ts';
import { writeJoinToken } from '../join-file.ts';
import { openApis, pageOrigins } from '../open-apis.ts';
import type { Platform } from '../running-role.ts';
import { startRole, type RoleParts, type StartedRole } from '../start-role.ts';
import { openVault } from '../stored-secrets.ts';
import type { SystemPorts } from '../system-ports.ts';
import { clusterFetch } from '../tls/own-fetches.ts';
import { overTls } from '../tls/requests.ts';
import { zooKeeperTls } from '../tls/zookeeper-tls.ts';
import { Undoing } from '../undoing.ts';
import { MESOS_VERSION } from '../version.ts';
import { Front } from './front.ts';
import { leaderEndedProbe } from './leader-alive.ts';
import { LeaderProxy, type LeaderProxyOptions } from './leader-proxy.ts';
import { decodeLeader, encodeLeader, type LeaderRecord } from './leader-record.ts';
import { fastifyHandler } from './fastify-handler.ts';
import { judgeSecrets } from './same-secret.ts';

/** How long a start waits to hear who leads, and whether that one has the same secret. */
const FIRST_LEADER_MS_MAX = 5_000;

/** What every reign of this server shares. */
interface ServerParts {
  readonly config: ServerConfig;
  readonly ports: SystemPorts;
  readonly log: Logger;
  readonly ownLog: RoleParts['ownLog'];
  readonly secret: Secret | undefined;
  readonly hostname: string;
  readonly admission: Admission;
  readonly store: SharedStore;
  readonly doors: readonly Door[];
}

/** One port: its front, and the way to the leader. */
interface Door {
  readonly flag: string;
  readonly front: Front;
  readonly proxy: LeaderProxy;
}

/**
 * Starts the role; resolves once it answers on its ports, leading or not.
 * @throws PlatformError `zk-missing` and what starting throws
 */
export async function startServer(wanted: ServerConfig): Promise<Platform> {
  const { zk } = wanted;
  if (zk === undefined) {
    throw new PlatformError(
      'zk-missing',
      'Several servers meet in ZooKeeper: say where with --zk zk://a:2181,b:2181,c:2181/stadion. One alone is: stadion up.',
    );
  }
  return startRole(wanted, { name: 'the server', pidFile: 'platform' }, async (parts) => {
    return standForElection(await withRealPorts(wanted), zk, parts);
  });
}

async function standForElection(config: ServerConfig, zk: string, parts: RoleParts): Promise<StartedRole> {
  const { ports, dataDirectory, hostname, logger, undoing, ownLog, secret, access, tls } = parts;
  const ip = advertisedAddress(config.bindAddress);
  const addresses: PlatformAddresses = {
    orchestrator: urlOf({ address: ip, port: config.orchestratorPort }),
    master: urlOf({ address: ip, port: config.masterPort }),
  };
  const peers = { orchestrator: overTls(addresses.orchestrator, tls), master: overTls(addresses.master, tls) };
  const id = randomUuid(ports.random.stream('server'));
  const self: LeaderRecord = { hostname, ip, id, version: MESOS_VERSION, ...peers };
  const store = await openZooKeeperStore({
    url: zk,
    tls: zooKeeperTls(config),
    sessionTimeoutMs: config.zkSessionTimeout * 1000,
    clock: ports.time,
    timers: ports.time,
    log: logger.child({ room: 'store' }),
  });
  undoing.add(() => store.close());

  const admission: Admission = { secret, access, tls, ownNames: new Set([hostname.toLowerCase()]) };
  let leader: LeaderRecord | undefined;
  const standby = createStandbyHttp({
    startedAt: ports.time.now(),
    clock: ports.time,
    logFile: ownLog.path,
    verbosity: ownLog.verbosity,
  });
  undoing.add(() => standby.close());
  const own = { isFor: isOfStandby, handler: await fastifyHandler(standby, admission, undefined, 'master') };
  const doors = openDoors({ config, ports, admission, secret, own }, () => (leader?.id === id ? undefined : leader));
  for (const { front } of doors) undoing.add(() => front.close());
  const secrets = judgeSecrets(
    {
      fetch: clusterFetch({ secret, tls }),
      believesBySecret: tls !== undefined && config.tlsCa === undefined,
      timers: ports.time,
    },
    logger,
  );
  const watch = store.observeLeader((candidate) => {
    leader = candidate === undefined ? undefined : decodeLeader(candidate);
    secrets.judge(leader?.id === id ? undefined : leader);
    logger.info({ leader: leader?.master }, 'Who leads');
    // What was passed on to the former leader waits for nobody.
    for (const { front, proxy } of doors) if (front.isServing(proxy)) front.cut();
  });
  undoing.addNow(() => {
    watch.stop();
  });
  await Promise.race([secrets.first, delay(ports.time, FIRST_LEADER_MS_MAX)]);
  for (const { front, flag } of doors) {
    const port = flag === '--master-port' ? config.masterPort : config.orchestratorPort;
    await front.listen(config.bindAddress, port, flag);
  }
  const shared = {
    config,
    ports,
    log: logger,
    ownLog,
    secret,
    hostname,
    admission,
    store,
    doors,
  };
  const reigns = new Reigns({
    election: store,
    candidate: encodeLeader(self),
    campaign: { hasEnded: leaderEndedProbe() },
    lead: (epoch, over, end) => lead(shared, epoch, over, end),
    timers: ports.time,
    log: logger,
  });
  undoing.add(() => reigns.stop());
  reigns.start();
  const where = { zk, masters: [], tls: tls !== undefined };
  // It never fails as a whole: whatever happens, it stands for election again.
  return { addresses, joinTokenPath: await writeJoinToken(dataDirectory, secret, where, logger) };
}

async function withRealPorts(config: ServerConfig): Promise<ServerConfig> {
  const wanted = [config.orchestratorPort, config.masterPort];
  const [orchestratorPort = 0, masterPort = 0] = await chooseFreePorts(config.bindAddress, wanted);
  return { ...config, orchestratorPort, masterPort };
}

/**
 * Makes the ports of a server; each passes everything on until the leader's API is behind it.
 * @param leaderElsewhere who leads, while another server does
 */
function openDoors(
  parts: Pick<ServerParts, 'config' | 'ports' | 'admission' | 'secret'> & Required<Pick<LeaderProxyOptions, 'own'>>,
  leaderElsewhere: () => LeaderRecord | undefined,
): readonly Door[] {
  const { config, ports, admission, secret, own } = parts;
  const door = (
    flag: string,
    how: Pick<LeaderProxyOptions, 'leader' | 'admission'> & Partial<LeaderProxyOptions>,
  ): Door => {
    const proxy: LeaderProxy = new LeaderProxy({ ...how, front: (): Front => front, secret, time: ports.time });
    const front: Front = new Front(proxy, admission.tls);
    return { flag, front, proxy };
  };
  return [
    door('--master-port', {
      leader: () => leaderElsewhere()?.master,
      admission,
      redirectPaths: new Set(['/redirect', '/master/redirect']),
      healthPaths: new Set(['/health', '/master/health']),
      own,
    }),
    door('--orchestrator-port', {
      leader: () => leaderElsewhere()?.orchestrator,
      admission: { ...admission, readers: new Set(pageOrigins(config)) },
      viaHeader: 'X-Marathon-Via',
    }),
  ];
}

/** Leads until `over` resolves. */
async function lead(
  parts: ServerParts,
  epoch: number,
  over: Promise<unknown>,
  end: (reason: unknown) => void,
): Promise<void> {
  const { config, ports, log, secret, hostname, store, doors, admission } = parts;
  const undoing = new Undoing();
  try {
    const { master, engine } = await startControlPlane(
      { config, secret, tls: admission.tls, ports, hostname, log, store, epoch, onFatal: end },
      undoing,
    );
    const vault = await openVault(config, ports, resolve(config.dataDir), { store, epoch, log });
    const shown = await epochForAgents(store, epoch);
    const links = new HttpAcceptor(master.acceptor, shown, log.child({ room: 'agent-links' }));
    undoing.addNow(() => {
      links.close();
    });
    const ready: (() => void)[] = [];
    await openApis(
      {
        config,
        secret,
        access: admission.access,
        tls: admission.tls,
        vault,
        ports,
        log,
        logLevels: parts.ownLog.levels,
        ownLog: parts.ownLog,
        abdicate: () => {
          end('somebody asked for it by DELETE /v2/leader');
        },
        open: async (http, where) => {
          const door = doors.find(({ flag }) => flag === where.flag);
          if (door === undefined) throw new PlatformError('port-unknown', `Nothing listens for ${where.flag}.`);
          const isMaster = door.flag === '--master-port';
          const handler = await fastifyHandler(http, admission, isMaster ? links : undefined, where.api);
          ready.push(() => {
            door.front.serve(handler);
          });
          return urlOf({ address: advertisedAddress(where.address), port: where.port });
        },
      },
      { master, engine, agent: undefined },
      (close) => {
        undoing.add(close);
      },
    );
    for (const serve of ready) serve();
    log.info({ epoch }, 'This server leads');
    const reason = await over;
    log.warn({ epoch, reason: describeError(reason) }, 'This server leads no longer');
  } finally {
    // First nobody reaches it any more, then it is taken apart.
    for (const { front, proxy } of doors) front.serve(proxy);
    await undoing.run(log);
  }
}
