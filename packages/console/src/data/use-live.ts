/** How components hear of the push channel, the event log and the time. */
import { createContext, use, useEffect, useState, useSyncExternalStore } from 'react';
import { every } from '@stadion/base';
import { time } from './browser-time.ts';
import type { LoggedEvent } from './event-log.ts';
import type { Live } from './live.ts';
import type { LinkState } from './push-channel.ts';

/** Set by the frame. */
export const LiveContext = createContext<Live | undefined>(undefined);

/** The live data. Only below the frame. */
export function useLive(): Live {
  const live = use(LiveContext);
  if (live === undefined) throw new Error('There is no live data outside of the frame');
  return live;
}

/** Whether the connection stands. */
export function useLinkState(): LinkState {
  const { channel } = useLive();
  return useSyncExternalStore(channel.onState, channel.state);
}

/** All events that are kept, newest last. */
export function useEvents(): readonly LoggedEvent[] {
  const { log } = useLive();
  return useSyncExternalStore(log.subscribe, log.all);
}

/** The time, renewed at an interval. Milliseconds since the epoch. */
export function useNow(intervalMs = 1_000): number {
  const [now, setNow] = useState(() => time.now());
  useEffect(() => {
    const timer = every(time, intervalMs, () => {
      setNow(time.now());
    });
    return () => {
      timer.cancel();
    };
  }, [intervalMs]);
  return now;
}
