/** Who leads, for those who do not: follows the first in line, across lost sessions. */
import { delay, errorCode, type Timers } from '@stadion/base';
import { candidatesAmong, type Places } from './places.ts';
import type { SessionKeeper } from './session-keeper.ts';
import type { ZooKeeperSession } from './zookeeper-session.ts';

/** Between two looks when nothing is heard of a change, milliseconds. */
const LOOK_MS = 2_000;

/**
 * Tells who leads, first as soon as it is known and then at each change; undefined: nobody.
 * While ZooKeeper cannot be reached the last word stands.
 */
export function observeLeader(
  ports: { readonly keeper: SessionKeeper; readonly places: Places; readonly timers: Timers },
  listener: (candidate: string | undefined) => void,
): { stop(): void } {
  let isStopped = false;
  let hasTold = false;
  let last: string | undefined;
  const tell = (candidate: string | undefined): void => {
    if (isStopped || (hasTold && candidate === last)) return;
    hasTold = true;
    last = candidate;
    listener(candidate);
  };
  const follow = async (session: ZooKeeperSession): Promise<void> => {
    while (!isStopped) {
      let wake: () => void = () => undefined;
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      tell(await firstInLine(session, ports.places, wake));
      const timer = ports.timers.after(LOOK_MS, wake);
      const isOver = await Promise.race([changed.then(() => false), session.lost.then(() => true)]);
      timer.cancel();
      if (isOver) throw await session.lost;
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
      await delay(ports.timers, LOOK_MS);
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
  session: ZooKeeperSession,
  places: Places,
  onChange: () => void,
): Promise<string | undefined> {
  for (;;) {
    const [first] = candidatesAmong((await session.children(places.folder, onChange)) ?? []);
    if (first === undefined) return undefined;
    const node = await session.read(`${places.folder}/${first}`);
    if (node !== undefined) return node.data.toString();
  }
}
