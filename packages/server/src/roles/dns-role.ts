/** `stadion dns`: the name server alone, for a cluster of ours or any Mesos. */
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PlatformError, describeError, type Logger } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import type { ClusterSource } from '@stadion/dns';
import { checkedUrl, hostnameOf } from '../addresses.ts';
import { openDns } from '../build-dns.ts';
import { assertListenable, loadAccess } from '../listen-address.ts';
import { openLog } from '../logging.ts';
import { makeDataDirectory, writeAddresses, type Platform } from '../running-role.ts';
import { removePidFile, writePidFile } from '../pid-file.ts';
import { keepNewSpaceSmall } from '../release-memory.ts';
import { systemPorts, type SystemPorts } from '../system-ports.ts';
import { clusterFetch } from '../tls/own-fetches.ts';
import { zooKeeperTls } from '../tls/zookeeper-tls.ts';
import { Undoing } from '../undoing.ts';
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
  assertListenable(config);
  const addresses = meetingPlaceIn(config.master) === undefined ? config.master : undefined;
  const masters = (addresses?.split(',') ?? []).map((url) => checkedUrl(url.trim(), '--master'));
  const orchestrator =
    config.orchestrator === undefined ? undefined : checkedUrl(config.orchestrator, '--orchestrator');
  const dataDirectory = resolve(config.dataDir);
  await makeDataDirectory(dataDirectory);
  const addressesFile = config.addressesFile === undefined ? undefined : resolve(config.addressesFile);
  if (addressesFile !== undefined) await rm(addressesFile, { force: true });
  const ports = systemPorts();
  const small = keepNewSpaceSmall(ports.time);
  const log = await openLog(join(dataDirectory, 'log'), config.logLevel, ports.time);
  const undoing = new Undoing();
  undoing.addNow(() => {
    small.cancel();
    log.close();
  });
  try {
    const { secret, access, tls } = await loadAccess(config, ports, log.logger, undoing);
    const admission = { secret, access, tls, ownNames: new Set([hostnameOf(config).toLowerCase()]) };
    const parts = { ports, log: log.logger, dataDirectory, admission };
    const observeMasters = await mastersObserver(
      zk === undefined ? config : { ...config, zk },
      ports,
      log.logger,
      undoing,
    );
    const cluster = { masters, observeMasters, orchestrator, fetch: clusterFetch({ secret, tls }) };
    const { addresses, remarks } = await openDns(config, cluster, parts, (close) => {
      undoing.add(close);
    });
    undoing.add(() => removePidFile(dataDirectory, 'dns'));
    await writePidFile(dataDirectory, 'dns', addresses);
    if (addressesFile !== undefined) await writeAddresses(addressesFile, addresses);
    return {
      addresses,
      remarks,
      dataDirectory,
      logPath: log.path,
      failed: new Promise(() => undefined),
      stop: () => undoing.run(log.logger),
    };
  } catch (error) {
    log.logger.error({ error: describeError(error) }, 'the name server did not start');
    await undoing.run(log.logger);
    throw error;
  }
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
