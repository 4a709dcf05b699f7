/** Who leads, for those who do not, and who waits in line: followed across lost sessions. */
import { isDeepStrictEqual } from 'node:util';
import { delay, errorCode, type Timers } from '@stadion/base';
import type { MasterAnnouncement } from '../../store.ts';
import { CANDIDATE_PREFIX, announcementsAmong, candidatesAmong, type Places } from './places.ts';
import type { SessionKeeper } from './session-keeper.ts';
import type { EnsembleSession } from './session.ts';
import { Signal } from './signal.ts';
import { MASTERS_LOOKED_AT_MAX } from '../../limits.ts';

/** Between two looks when nothing is heard of a change, milliseconds: every agent looks, and ZooKeeper answers all of them. */
const LOOK_MS = 5_000;
/** Until what has failed is tried again, milliseconds. */
const RETRY_MS = 2_000;

/**
 * Tells who leads, first as soon as it is known and then at each change; undefined: nobody. One that has lost the lead and leads again
 * is told of again. While ZooKeeper cannot be reached the last word stands.
 */
export function observeLeader(ports: WatchPorts, listener: (candidate: string | undefined) => void): { stop(): void } {
  return observe(ports, firstInLine, (first) => {
    listener(first?.candidate);
  });
}

/** Tells of all masters that announce themselves, whoever leads first; the same way. */
export function observeMasters(
  ports: WatchPorts,
  listener: (masters: readonly MasterAnnouncement[]) => void,
): { stop(): void } {
  return observe(ports, everybodyInLine, listener);
}

interface WatchPorts {
  readonly keeper: SessionKeeper;
  readonly places: Places;
  readonly timers: Timers;
}

type Look<Value> = (session: EnsembleSession, places: Places, onChange: () => void) => Promise<Value>;

function observe<Value>(ports: WatchPorts, look: Look<Value>, listener: (value: Value) => void): { stop(): void } {
  let isStopped = false;
  let last: { readonly value: Value } | undefined;
  const tell = (value: Value): void => {
    if (isStopped || (last !== undefined && isDeepStrictEqual(value, last.value))) return;
    last = { value };
    listener(value);
  };
  const follow = async (session: EnsembleSession): Promise<void> => {
    const change = new Signal();
    void session.lost.then(change.raise);
    while (!isStopped) {
      // Of a lost session this throws.
      tell(await look(session, ports.places, change.raise));
      const timer = ports.timers.after(LOOK_MS, change.raise);
      await change.wait();
      timer.cancel();
    }
  };
  const run = async (): Promise<void> => {
    for (;;) {
      try {
        await ports.keeper.persist(follow);
        return;
      } catch (error) {
        if (errorCode(error) === 'store-closed') return;
      }
      await delay(ports.timers, RETRY_MS);
    }
  };
  void run();
  return {
    stop() {
      isStopped = true;
    },
  };
}

async function firstInLine(
  session: EnsembleSession,
  places: Places,
  onChange: () => void,
): Promise<{ readonly name: string; readonly candidate: string } | undefined> {
  for (;;) {
    const [first] = candidatesAmong((await session.children(places.folder, onChange)) ?? []);
    if (first === undefined) return undefined;
    const node = await session.read(`${places.folder}/${first}`);
    if (node !== undefined) return { name: first, candidate: node.data.toString() };
  }
}

async function everybodyInLine(
  session: EnsembleSession,
  places: Places,
  onChange: () => void,
): Promise<readonly MasterAnnouncement[]> {
  const names = announcementsAmong((await session.children(places.folder, onChange)) ?? []).slice(
    0,
    MASTERS_LOOKED_AT_MAX,
  );
  const nodes = await Promise.all(names.map((name) => session.read(`${places.folder}/${name}`)));
  return nodes.flatMap((node, index): MasterAnnouncement[] => {
    // Whoever went in between is told of by the next look.
    if (node === undefined) return [];
    const isJson = names[index]?.startsWith(CANDIDATE_PREFIX) === true;
    return [{ format: isJson ? 'json' : 'protobuf', data: node.data }];
  });
}
