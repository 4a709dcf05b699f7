/** `stadion agent` and `stadion join`: this machine runs tasks for a cluster that is led elsewhere. */
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { decodeJoinToken, saveClusterSecret, type JoinToken } from '@stadion/access';
import { PlatformError, describeError } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import { watchZooKeeperLeader } from '@stadion/store';
import { hostnameOf } from '../addresses.ts';
import { httpDialer, type HttpDialerOptions } from '../agent-link/http-dialer.ts';
import { remoteSecrets } from '../agent-secrets.ts';
import { buildAgent } from '../build-agent.ts';
import { chooseFreePorts } from '../free-ports.ts';
import { assertListenable, loadAccess } from '../listen-address.ts';
import { openLog } from '../logging.ts';
import { openAgentApi } from '../open-apis.ts';
import { END_TASKS_DEADLINE_MS, makeDataDirectory, writeAddresses, type Platform } from '../running-role.ts';
import { removePidFile, writePidFile } from '../pid-file.ts';
import { systemPorts, type SystemPorts } from '../system-ports.ts';
import { zooKeeperTls } from '../tls/zookeeper-tls.ts';
import { Undoing } from '../undoing.ts';
import { decodeLeader } from './leader-record.ts';
import { ownAddressTowards } from './own-address.ts';

const JOINED_SECRET_FILE = 'cluster-secret';

/**
 * Starts the agent; resolves once it answers on its port. It registers as soon as a leader can be reached.
 * @param token of `stadion join`: where the cluster is, and its secret
 * @throws PlatformError `master-missing`, `token-invalid` and what starting throws
 */
export async function startAgent(wanted: ServerConfig, token?: string): Promise<Platform> {
  const dataDirectory = resolve(wanted.dataDir);
  await makeDataDirectory(dataDirectory);
  const joined = token === undefined ? wanted : await settingsOfJoining(wanted, dataDirectory, decodeJoinToken(token));
  assertListenable(joined);
  const addressesFile = joined.addressesFile === undefined ? undefined : resolve(joined.addressesFile);
  if (addressesFile !== undefined) await rm(addressesFile, { force: true });
  const [agentPort = joined.agentPort] = await chooseFreePorts(joined.bindAddress, [joined.agentPort]);
  const config = { ...joined, agentPort };
  const ports = systemPorts();
  const log = await openLog(join(dataDirectory, 'log'), config.logLevel, ports.time);
  const undoing = new Undoing();
  undoing.addNow(() => {
    log.close();
  });
  try {
    const { secret, access, tls } = await loadAccess(config, ports, log.logger, undoing);
    const { masters, onLeader } = findMasters(config, ports, log.logger, undoing);
    const agent = await buildAgent({
      config,
      ports,
      dataDirectory,
      hostname: hostnameOf(config),
      log: log.logger.child({ room: 'agent' }),
      asksWho: secret !== undefined || access !== undefined,
      secrets: remoteSecrets({ masters, secret, tls, timers: ports.time }),
      dialer: httpDialer({
        masters,
        onLeader,
        secret,
        tls,
        timers: ports.time,
        log: log.logger.child({ room: 'agent-link' }),
      }),
    });
    undoing.add(() => agent.stop());
    await agent.start();
    const url = await openAgentApi(
      { config, secret, access, tls, ports, log: log.logger, ownLog: log },
      agent,
      (close) => {
        undoing.add(close);
      },
    );
    undoing.add(() => removePidFile(dataDirectory, 'agent'));
    await writePidFile(dataDirectory, 'agent', { agent: url });
    if (addressesFile !== undefined) await writeAddresses(addressesFile, { agent: url });
    return {
      addresses: { agent: url },
      dataDirectory,
      logPath: log.path,
      failed: new Promise(() => undefined),
      async stop({ endTasks }) {
        if (endTasks && !(await agent.endTasks(END_TASKS_DEADLINE_MS))) {
          log.logger.warn({}, 'some tasks did not end in time');
        }
        await undoing.run(log.logger);
      },
    };
  } catch (error) {
    log.logger.error({ error: describeError(error) }, 'the agent did not start');
    await undoing.run(log.logger);
    throw error;
  }
}

/** The settings of a machine that joins: what the token says, and the address from which the cluster is reached. */
async function settingsOfJoining(wanted: ServerConfig, dataDirectory: string, token: JoinToken): Promise<ServerConfig> {
  const secretFile = join(dataDirectory, JOINED_SECRET_FILE);
  await saveClusterSecret(secretFile, token.secret);
  const where = {
    ...(token.zk === undefined ? {} : { zk: token.zk }),
    ...(token.masters.length === 0 ? {} : { server: token.masters.join(',') }),
  };
  const isDefault = wanted.bindAddress === '127.0.0.1';
  const bindAddress = isDefault ? await ownAddressTowards(token) : wanted.bindAddress;
  const tls = token.tls && wanted.tls === 'off' ? 'on' : wanted.tls;
  return { ...wanted, ...where, secretFile, bindAddress, tls };
}

/** Where to look for the leader: in ZooKeeper, or at the addresses given. */
function findMasters(
  config: ServerConfig,
  ports: SystemPorts,
  log: Parameters<typeof watchZooKeeperLeader>[0]['log'],
  undoing: Undoing,
): Pick<HttpDialerOptions, 'masters' | 'onLeader'> {
  const given = (config.server ?? '')
    .split(',')
    .flatMap((text) => (text.trim() === '' ? [] : [masterUrl(text.trim(), config.tls)]));
  const { zk } = config;
  if (zk === undefined) {
    if (given.length > 0) return { masters: () => given };
    throw new PlatformError(
      'master-missing',
      'Say where the cluster is: --zk zk://a:2181,b:2181,c:2181/stadion, --server http://10.0.0.1:5050, or: stadion join TOKEN.',
    );
  }
  let leader: string | undefined;
  let tell: () => void = () => undefined;
  const watch = watchZooKeeperLeader({
    url: zk,
    tls: zooKeeperTls(config),
    sessionTimeoutMs: config.zkSessionTimeout * 1000,
    clock: ports.time,
    timers: ports.time,
    log: log.child({ room: 'leader-watch' }),
  });
  watch.observeLeader((candidate) => {
    leader = candidate === undefined ? undefined : decodeLeader(candidate)?.master;
    log.info({ leader }, 'Who leads');
    if (leader !== undefined) tell();
  });
  undoing.addNow(() => {
    watch.close();
  });
  return {
    masters: () => (leader === undefined ? given : [leader, ...given]),
    onLeader: (callback) => {
      tell = callback;
    },
  };
}

/** @throws PlatformError `flag-invalid` */
function masterUrl(text: string, tls: ServerConfig['tls']): string {
  const url = /^https?:\/\//.test(text) ? text : `${tls === 'off' ? 'http' : 'https'}://${text}`;
  if (URL.canParse(url)) return url;
  throw new PlatformError(
    'flag-invalid',
    `--server cannot be read: '${text}' is not an address such as http://10.0.0.1:5050.`,
  );
}
