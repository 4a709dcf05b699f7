/** `stadion backup …`: works on the store itself, whichever it is. */
import { join, resolve } from 'node:path';
import { PlatformError, delay, silentLogger } from '@stadion/base';
import type { BackupSummary, BackupTask, StatePlace } from '@stadion/contract';
import type { Election, Leadership, Store } from '@stadion/store';
import { systemPorts, type SystemPorts } from '../system-ports.ts';
import { zooKeeperTls } from '../tls/zookeeper-tls.ts';
import { readBackup, writeBackup } from './backup-file.ts';
import { Restoring } from './restoring.ts';

/** How long the place in line of a server that just ended may take to go. */
const LEADER_GONE_MS_MAX = 30_000;

/**
 * Does it. Creating reads a consistent state from a stopped platform, and from a running cluster in ZooKeeper each
 * record as of some moment meanwhile; restoring and moving need the place for themselves.
 * @throws PlatformError that says what to do
 */
export async function runBackup(task: BackupTask): Promise<BackupSummary> {
  const ports = systemPorts();
  switch (task.type) {
    case 'verify':
      return readBackup(resolve(task.file));
    case 'create':
      return withStore(task.from, ports, async (store) => {
        await assertKeepsSomething(store, task.from);
        return writeBackup(resolve(task.file), store.list(''), new Date(ports.time.now()).toISOString());
      });
    case 'restore': {
      const file = resolve(task.file);
      // First to its end: a damaged backup replaces nothing.
      await readBackup(file);
      return withStore(task.to, ports, (store) =>
        fill(store, ports, task.replaces, (restoring) => readBackup(file, (record) => restoring.put(record))),
      );
    }
    case 'move':
      return withStore(task.from, ports, async (source) => {
        await assertKeepsSomething(source, task.from);
        return withStore(task.to, ports, (target) =>
          fill(target, ports, task.replaces, async (restoring) => {
            let records = 0;
            for await (const record of source.list('')) {
              await restoring.put(record);
              records += 1;
            }
            return { records, createdAt: new Date(ports.time.now()).toISOString(), sha256: '' };
          }),
        );
      });
  }
}

/** A cluster that ever ran keeps something: where there is nothing, the place is a wrong one. @throws PlatformError `state-missing` */
async function assertKeepsSomething(store: Store, from: StatePlace): Promise<void> {
  for await (const _record of store.list('')) return;
  const place = from.zk === undefined ? join(resolve(from.dataDir), 'store') : 'the folder in ZooKeeper';
  const flag = from.zk === undefined ? '--data-dir' : '--zk';
  throw new PlatformError(
    'state-missing',
    `Nothing is kept in ${place}: say with ${flag} where the state is, as the servers are told.`,
  );
}

async function fill(
  store: Store & Election,
  ports: SystemPorts,
  replaces: boolean,
  work: (restoring: Restoring) => Promise<BackupSummary>,
): Promise<BackupSummary> {
  const leadership = await leadAlone(store, ports);
  try {
    const restoring = await Restoring.begin(store, leadership.epoch, replaces);
    const summary = await work(restoring);
    await restoring.finish(ports.time.now());
    return summary;
  } finally {
    await leadership.resign();
  }
}

/** @throws PlatformError `cluster-running` */
async function leadAlone(store: Store & Election, { time }: SystemPorts): Promise<Leadership> {
  const leadership = await Promise.race([
    store.campaign('{"hostname":"stadion backup"}'),
    delay(time, LEADER_GONE_MS_MAX).then(() => undefined),
  ]);
  if (leadership !== undefined) return leadership;
  throw new PlatformError('cluster-running', 'A server leads this cluster: stop all servers first, then try again.');
}

async function withStore<Result>(
  place: StatePlace,
  { time }: SystemPorts,
  work: (store: Store & Election) => Promise<Result>,
): Promise<Result> {
  const ports = { clock: time, timers: time, log: silentLogger };
  // Not at the head of this file: whoever runs a name server or an edge from this package needs no store.
  const { openLmdbStore, openZooKeeperStore } = await import('@stadion/store');
  const store =
    place.zk === undefined
      ? await openLmdbStore({ directory: join(resolve(place.dataDir), 'store'), ...ports })
      : await openZooKeeperStore({ url: place.zk, tls: zooKeeperTls(place), ...ports });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
