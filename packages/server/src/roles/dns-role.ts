/** `stadion dns`: the name server alone, for a cluster of ours or any Mesos. */
import { PlatformError, type Logger } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import type { ClusterSource } from '@stadion/dns';
import { checkedUrl } from '../addresses.ts';
import { openDns } from '../build-dns.ts';
import type { Platform } from '../running-role.ts';
import { startRole } from '../start-role.ts';
import { keepNewSpaceSmall } from '../release-memory.ts';
import type { SystemPorts } from '../system-ports.ts';
import { clusterFetch } from '../tls/own-fetches.ts';
import { zooKeeperTls } from '../tls/zookeeper-tls.ts';
import type { Undoing } from '../undoing.ts';
import { meetingPlaceIn } from './meeting-place.ts';

/**
 * Starts the name server; resolves once it answers. A master that is not there yet is asked again and again.
 * @throws PlatformError `master-missing`, `address-invalid` and what starting throws
 */
export async function startDns(config: ServerConfig): Promise<Platform> {
  const { zk = meetingPlaceIn(config.master) } = config;
  if (config.master === undefined && zk === undefined) {
    throw new PlatformError(
      'master-missing',
      'Say whose cluster gets names: stadion dns --master http://HOST:5050, or where its masters meet: --zk zk://HOST:2181/mesos',
    );
  }
  const given = meetingPlaceIn(config.master) === undefined ? config.master : undefined;
  const masters = (given?.split(',') ?? []).map((url) => checkedUrl(url.trim(), '--master'));
  const orchestrator =
    config.orchestrator === undefined ? undefined : checkedUrl(config.orchestrator, '--orchestrator');
  return startRole(config, { name: 'the name server', pidFile: 'dns' }, async (parts) => {
    const { ports, dataDirectory, hostname, logger, undoing, secret, access, tls } = parts;
    const small = keepNewSpaceSmall(ports.time);
    undoing.addNow(() => {
      small.cancel();
    });
    const admission = { secret, access, tls, ownNames: new Set([hostname.toLowerCase()]) };
    const observeMasters = await mastersObserver(zk === undefined ? config : { ...config, zk }, ports, logger, undoing);
    const cluster = { masters, observeMasters, orchestrator, fetch: clusterFetch({ secret, tls }) };
    return openDns(config, cluster, { ports, log: logger, dataDirectory, admission }, (close) => {
      undoing.add(close);
    });
  });
}

/** Follows the masters that meet in ZooKeeper, if they do. */
async function mastersObserver(
  config: ServerConfig,
  { time }: SystemPorts,
  log: Logger,
  undoing: Undoing,
): Promise<ClusterSource['observeMasters']> {
  const { zk, zkSessionTimeout } = config;
  if (zk === undefined) return undefined;
  // Not at the head of this file: without ZooKeeper a name server needs no store, and much less memory.
  const { watchZooKeeperMasters } = await import('@stadion/store');
  const { announcedMaster } = await import('./announced-master.ts');
  const watch = watchZooKeeperMasters({
    url: zk,
    tls: zooKeeperTls(config),
    sessionTimeoutMs: zkSessionTimeout * 1000,
    clock: time,
    timers: time,
    log: log.child({ room: 'leader-watch' }),
  });
  undoing.addNow(() => {
    watch.close();
  });
  return (listener) =>
    watch.observeMasters((announcements) => {
      listener(announcements.flatMap((one) => announcedMaster(one) ?? []));
    });
}
