/** `stadion server`: the control plane on several machines. One leads; the others pass everything on to it and wait. */
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Secret } from '@stadion/access';
import { PlatformError, delay, describeError, randomUuid, type Logger } from '@stadion/base';
import type { PlatformAddresses, ServerConfig } from '@stadion/contract';
import { createStandbyHttp, isOfStandby } from '@stadion/master';
import { Reigns, openZooKeeperStore, type SharedStore } from '@stadion/store';
import { advertisedAddress, hostnameOf, urlOf } from '../addresses.ts';
import type { Admission } from '../admission.ts';
import { epochForAgents } from '../backup/restoring.ts';
import { HttpAcceptor } from '../agent-link/http-acceptor.ts';
import { startControlPlane } from '../control-plane.ts';
import { chooseFreePorts } from '../free-ports.ts';
import { writeJoinToken } from '../join-file.ts';
import { assertListenable, loadAccess } from '../listen-address.ts';
import { openLog, type PlatformLog, type RoomLevels } from '../logging.ts';
import { openApis, pageOrigins } from '../open-apis.ts';
import { makeDataDirectory, writeAddresses, type Platform } from '../running-role.ts';
import { removePidFile, writePidFile } from '../pid-file.ts';
import { openVault } from '../stored-secrets.ts';
import { systemPorts, type SystemPorts } from '../system-ports.ts';
import { clusterFetch } from '../tls/own-fetches.ts';
import { overTls } from '../tls/requests.ts';
import { zooKeeperTls } from '../tls/zookeeper-tls.ts';
import { Undoing } from '../undoing.ts';
import { MESOS_VERSION } from '../version.ts';
import { Front } from './front.ts';
import { leaderEndedProbe } from './leader-alive.ts';
import { LeaderProxy } from './leader-proxy.ts';
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
  readonly logLevels: RoomLevels;
  readonly ownLog: Pick<PlatformLog, 'path' | 'verbosity'>;
  readonly secret: Secret | undefined;
  readonly hostname: string;
  readonly admission: Admission;
  readonly self: LeaderRecord;
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
  assertListenable(wanted);
  const { zk } = wanted;
  if (zk === undefined) {
    throw new PlatformError(
      'zk-missing',
      'Several servers meet in ZooKeeper: say where with --zk zk://a:2181,b:2181,c:2181/stadion. One alone is: stadion up.',
    );
  }
  const addressesFile = wanted.addressesFile === undefined ? undefined : resolve(wanted.addressesFile);
  if (addressesFile !== undefined) await rm(addressesFile, { force: true });
  const [orchestratorPort, masterPort] = await chooseFreePorts(wanted.bindAddress, [
    wanted.orchestratorPort,
    wanted.masterPort,
  ]);
  const config = { ...wanted, orchestratorPort: orchestratorPort ?? 0, masterPort: masterPort ?? 0 };
  const ports = systemPorts();
  const dataDirectory = resolve(config.dataDir);
  await makeDataDirectory(dataDirectory);
  const log = await openLog(join(dataDirectory, 'log'), config.logLevel, ports.time);
  const undoing = new Undoing();
  undoing.addNow(() => {
    log.close();
  });
  try {
    const { secret, access, tls } = await loadAccess(config, ports, log.logger, undoing);
    const ip = advertisedAddress(config.bindAddress);
    const hostname = hostnameOf(config);
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
      log: log.logger.child({ room: 'store' }),
    });
    undoing.add(() => store.close());

    let leader: LeaderRecord | undefined;
    const admission: Admission = { secret, access, tls, ownNames: new Set([hostname.toLowerCase()]) };
    const urlOfLeader = (which: 'master' | 'orchestrator') => (): string | undefined =>
      leader === undefined || leader.id === id ? undefined : leader[which];
    const standby = createStandbyHttp({
      startedAt: ports.time.now(),
      clock: ports.time,
      logFile: log.path,
      verbosity: log.verbosity,
    });
    undoing.add(() => standby.close());
    const ownPages = { isFor: isOfStandby, handler: await fastifyHandler(standby, admission, undefined, 'master') };
    const door = (flag: string, leaderUrl: () => string | undefined, redirects: readonly string[]): Door => {
      const isOfMaster = redirects.length > 0;
      const proxy: LeaderProxy = new LeaderProxy({
        front: (): Front => front,
        leader: leaderUrl,
        admission: isOfMaster ? admission : { ...admission, readers: new Set(pageOrigins(config)) },
        ...(!isOfMaster && { viaHeader: 'X-Marathon-Via' }),
        secret,
        time: ports.time,
        redirectPaths: new Set(redirects),
        healthPaths: new Set(isOfMaster ? ['/health', '/master/health'] : []),
        ...(isOfMaster && { own: ownPages }),
      });
      const front: Front = new Front(proxy, tls);
      return { flag, front, proxy };
    };
    const doors = [
      door('--master-port', urlOfLeader('master'), ['/redirect', '/master/redirect']),
      door('--orchestrator-port', urlOfLeader('orchestrator'), []),
    ];
    for (const { front } of doors) undoing.add(() => front.close());
    const secrets = judgeSecrets(
      {
        fetch: clusterFetch({ secret, tls }),
        believesBySecret: tls !== undefined && config.tlsCa === undefined,
        timers: ports.time,
      },
      log.logger,
    );
    const watch = store.observeLeader((candidate) => {
      leader = candidate === undefined ? undefined : decodeLeader(candidate);
      secrets.judge(leader?.id === id ? undefined : leader);
      log.logger.info({ leader: leader?.master }, 'Who leads');
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
    const parts = {
      config,
      ports,
      log: log.logger,
      logLevels: log.levels,
      ownLog: log,
      secret,
      hostname,
      admission,
      self,
      store,
      doors,
    };
    const reigns = new Reigns({
      election: store,
      candidate: encodeLeader(self),
      campaign: { hasEnded: leaderEndedProbe() },
      lead: (epoch, over, end) => lead(parts, epoch, over, end),
      timers: ports.time,
      log: log.logger,
    });
    undoing.add(() => reigns.stop());
    reigns.start();
    undoing.add(() => removePidFile(dataDirectory, 'platform'));
    await writePidFile(dataDirectory, 'platform', addresses);
    const joinTokenPath = await writeJoinToken(
      dataDirectory,
      secret,
      { zk, masters: [], tls: tls !== undefined },
      log.logger,
    );
    if (addressesFile !== undefined) await writeAddresses(addressesFile, addresses);
    return {
      addresses,
      dataDirectory,
      logPath: log.path,
      joinTokenPath,
      // It stands for election again, whatever happens.
      failed: new Promise(() => undefined),
      stop: () => undoing.run(log.logger),
    };
  } catch (error) {
    log.logger.error({ error: describeError(error) }, 'the server did not start');
    await undoing.run(log.logger);
    throw error;
  }
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
        logLevels: parts.logLevels,
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
