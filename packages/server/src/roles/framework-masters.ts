/** Where the masters are whose framework this is: at addresses that were given, or where they meet in ZooKeeper. */
import { PlatformError, type Logger } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import { watchZooKeeperMasters } from '@stadion/store';
import type { SystemPorts } from '../system-ports.ts';
import { zooKeeperTls } from '../tls/zookeeper-tls.ts';
import type { Undoing } from '../undoing.ts';
import { announcedMaster } from './announced-master.ts';
import { meetingPlaceIn } from './meeting-place.ts';

/**
 * Masters to try, the likeliest leader first; those that meet in ZooKeeper are followed from now on.
 * @returns asked anew for each try
 * @throws PlatformError `master-missing`, `flag-invalid` or `store-address-invalid`
 */
export function findFrameworkMasters(
  config: ServerConfig,
  { time }: SystemPorts,
  log: Logger,
  undoing: Undoing,
): () => readonly string[] {
  const place = meetingPlaceIn(config.master);
  const tls = zooKeeperTls({ ...config, ...(place !== undefined && { zk: place }) });
  if (place === undefined) {
    const given = addressesIn(config.master);
    return () => given;
  }
  let masters: readonly string[] = [];
  const parts = { clock: time, timers: time, log: log.child({ room: 'leader-watch' }) };
  const watch = watchZooKeeperMasters({ url: place, tls, ...parts });
  watch.observeMasters((announcements) => {
    masters = announcements.flatMap((one) => announcedMaster(one) ?? []);
    log.info({ leader: masters[0] ?? null }, 'Who leads');
  });
  undoing.addNow(() => {
    watch.close();
  });
  return () => masters;
}

/** @throws PlatformError `master-missing` or `flag-invalid` */
function addressesIn(text: string | undefined): readonly string[] {
  const given = (text ?? '')
    .split(',')
    .map((url) => url.trim())
    .filter((url) => url !== '')
    .map((url) => (/^[a-z]+:\/\//.test(url) ? url : `http://${url}`));
  if (given.length === 0) {
    throw new PlatformError(
      'master-missing',
      'Say whose framework this is: --master http://10.0.0.1:5050, or where its masters meet: --master zk://a:2181,b:2181,c:2181/mesos.',
    );
  }
  const wrong = given.find((url) => !/^https?:/.test(url) || !URL.canParse(url));
  if (wrong === undefined) return given;
  throw new PlatformError(
    'flag-invalid',
    `--master cannot be read: '${wrong}' is not an address such as http://10.0.0.1:5050.`,
  );
}
