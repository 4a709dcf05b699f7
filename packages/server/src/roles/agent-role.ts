/** `stadion agent` and `stadion join`: this machine runs tasks for a cluster that is led elsewhere. */
import { join, resolve } from 'node:path';
import { decodeJoinToken, saveClusterSecret, type JoinToken } from '@stadion/access';
import { PlatformError } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import { watchZooKeeperLeader } from '@stadion/store';
import { httpDialer, type HttpDialerOptions } from '../agent-link/http-dialer.ts';
import { remoteSecrets } from '../agent-secrets.ts';
import { buildAgent } from '../build-agent.ts';
import { chooseFreePorts } from '../free-ports.ts';
import { openAgentApi } from '../open-apis.ts';
import { END_TASKS_DEADLINE_MS, makeDataDirectory, type Platform } from '../running-role.ts';
import { startRole } from '../start-role.ts';
import type { SystemPorts } from '../system-ports.ts';
import { zooKeeperTls } from '../tls/zookeeper-tls.ts';
import type { Undoing } from '../undoing.ts';
import { decodeLeader } from './leader-record.ts';
import { ownAddressTowards } from './own-address.ts';

const JOINED_SECRET_FILE = 'cluster-secret';

/**
 * Starts the agent; resolves once it answers on its port. It registers as soon as a leader can be reached.
 * @param token of `stadion join`: where the cluster is, and its secret
 * @throws PlatformError `master-missing`, `token-invalid` and what starting throws
 */
export async function startAgent(wanted: ServerConfig, token?: string): Promise<Platform> {
  const joined = token === undefined ? wanted : await settingsOfJoining(wanted, decodeJoinToken(token));
  return startRole(joined, { name: 'the agent', pidFile: 'agent' }, async (parts) => {
    const { ports, dataDirectory, hostname, logger, undoing, secret, access, tls } = parts;
    const [agentPort = joined.agentPort] = await chooseFreePorts(joined.bindAddress, [joined.agentPort]);
    const config = { ...joined, agentPort };
    const { masters, onLeader } = findMasters(config, ports, logger, undoing);
    const agent = await buildAgent({
      config,
      ports,
      dataDirectory,
      hostname,
      log: logger.child({ room: 'agent' }),
      asksWho: secret !== undefined || access !== undefined,
      secrets: remoteSecrets({ masters, secret, tls, timers: ports.time }),
      dialer: httpDialer({
        masters,
        onLeader,
        secret,
        tls,
        timers: ports.time,
        log: logger.child({ room: 'agent-link' }),
      }),
    });
    undoing.add(() => agent.stop());
    await agent.start();
    const served = { config, secret, access, tls, ports, log: logger, ownLog: parts.ownLog };
    const url = await openAgentApi(served, agent, (close) => {
      undoing.add(close);
    });
    return {
      addresses: { agent: url },
      async beforeStop({ endTasks }) {
        if (endTasks && !(await agent.endTasks(END_TASKS_DEADLINE_MS))) {
          logger.warn({}, 'some tasks did not end in time');
        }
      },
    };
  });
}

/** The settings of a machine that joins: what the token says, and the address from which the cluster is reached. */
async function settingsOfJoining(wanted: ServerConfig, token: JoinToken): Promise<ServerConfig> {
  const dataDirectory = resolve(wanted.dataDir);
  await makeDataDirectory(dataDirectory);
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
