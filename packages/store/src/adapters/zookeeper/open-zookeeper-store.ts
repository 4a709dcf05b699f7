/** Opens the state of a cluster in ZooKeeper, and the view of who leads for those who keep no state. */
import type { Clock, Logger, PlatformError, Timers } from '@stadion/base';
import { parseZooKeeperUrl, type ZooKeeperPlace } from '../../core/zookeeper-url.ts';
import { storeAddressInvalid } from '../../errors.ts';
import type { LeaderWatch, MasterAnnouncement, SharedStore } from '../../store.ts';
import { observeLeader, observeMasters } from './leader-watch.ts';
import { placesBelow, type Places } from './places.ts';
import { SessionKeeper } from './session-keeper.ts';
import { refusalIn, type EnsembleSession } from './session.ts';
import { ZooKeeperSession, type ZooKeeperTls } from './zookeeper-session.ts';
import { ZooKeeperStore, type ZooKeeperStoreOptions } from './zookeeper-store.ts';

/** Where the store lives. */
export interface ZooKeeperOptions {
  /** `zk://[user:password@]host:port,host:port/folder`, or `zks://…` for servers that are spoken to by TLS. */
  readonly url: string;
  /** What is shown to those, and whom to believe; asked anew for each connection. */
  readonly tls?: (() => ZooKeeperTls) | undefined;
  /** How long a leader may be out of contact before another may lead, milliseconds. The ensemble's ticks bound it. */
  readonly sessionTimeoutMs?: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
}

const SESSION_TIMEOUT_MS = 6_000;

/**
 * Opens the store, making its folders when there are none.
 * @throws PlatformError `store-address-invalid` or `store-unreachable`
 */
export async function openZooKeeperStore(options: ZooKeeperOptions): Promise<SharedStore> {
  const { timers, log } = options;
  return openStoreOver({ ...prepare(options), timers, log });
}

/**
 * The same over sessions of any making.
 * @throws PlatformError `store-unreachable`
 */
export async function openStoreOver(parts: ZooKeeperStoreOptions): Promise<SharedStore> {
  const { keeper, places } = parts;
  try {
    await keeper.persist((session) => makePlaces(session, places), giveUp);
  } catch (error) {
    keeper.close();
    throw error;
  }
  return new ZooKeeperStore(parts);
}

/**
 * Follows who leads a cluster without opening its state. Waits for as long as ZooKeeper cannot be reached.
 * @throws PlatformError `store-address-invalid`
 */
export function watchZooKeeperLeader(options: ZooKeeperOptions): LeaderWatch & { close(): void } {
  const { keeper, places } = prepare(options);
  return {
    observeLeader: (listener) => observeLeader({ keeper, places, timers: options.timers }, listener),
    close: () => {
      keeper.close();
    },
  };
}

/**
 * Follows all masters that meet in a folder, of ours or of Apache Mesos, whoever leads first.
 * @throws PlatformError `store-address-invalid`
 */
export function watchZooKeeperMasters(options: ZooKeeperOptions): {
  observeMasters(listener: (masters: readonly MasterAnnouncement[]) => void): { stop(): void };
  close(): void;
} {
  const { keeper, places } = prepare(options);
  return {
    observeMasters: (listener) => observeMasters({ keeper, places, timers: options.timers }, listener),
    close: () => {
      keeper.close();
    },
  };
}

function prepare(options: ZooKeeperOptions): { readonly keeper: SessionKeeper; readonly places: Places } {
  const place = readPlace(options.url);
  const { sessionTimeoutMs = SESSION_TIMEOUT_MS, clock, timers, log, tls } = options;
  return {
    keeper: new SessionKeeper({
      open: () =>
        new ZooKeeperSession({ place, sessionTimeoutMs, clock, timers, log, ...(tls !== undefined && { tls }) }),
      timers,
      log,
    }),
    places: placesBelow(place.path),
  };
}

/** `host:port` of each server of an ensemble, from its `zk://…` URL. @throws PlatformError `store-address-invalid` */
export function zooKeeperServers(url: string): readonly string[] {
  return readPlace(url).servers;
}

function readPlace(url: string): ZooKeeperPlace {
  const parsed = parseZooKeeperUrl(url);
  if (!parsed.ok) throw storeAddressInvalid(parsed.problem);
  return parsed.place;
}

async function makePlaces(session: EnsembleSession, places: Places): Promise<void> {
  await session.makeFolder(places.folder);
  await session.makeFolder(places.journal);
  if (await session.exists(places.epoch)) return;
  try {
    await session.transact([{ type: 'create', path: places.epoch, data: Buffer.alloc(0) }]);
  } catch (error) {
    if (refusalIn(error) !== 'node-exists') throw error;
  }
}

/** At the start somebody waits for an answer. */
function giveUp(error: PlatformError): void {
  throw error;
}
