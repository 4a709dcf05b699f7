/** Opens the store that the configuration names. */
import { join } from 'node:path';
import { delay, errorCode, type Clock, type Logger, type Timers } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import { createMemoryStore, openLmdbStore, type EmbeddedStore } from '@stadion/store';

/** A platform that was just killed needs a moment until its process is gone and its lock is free. */
const LOCKED_MS_MAX = 3_000;
const LOCKED_POLL_MS = 100;

/**
 * Opens it, and waits a moment for a predecessor that is about to end.
 * @throws PlatformError `store-locked`, `store-damaged` and what else the store throws on opening
 */
export async function openStore(
  config: ServerConfig,
  dataDirectory: string,
  time: Clock & Timers,
  log: Logger,
): Promise<EmbeddedStore> {
  if (config.store === 'memory') return createMemoryStore();
  const end = time.monotonic() + LOCKED_MS_MAX;
  for (;;) {
    try {
      return await openLmdbStore({ directory: join(dataDirectory, 'store'), timers: time, log });
    } catch (error) {
      if (errorCode(error) !== 'store-locked' || time.monotonic() >= end) throw error;
    }
    await delay(time, LOCKED_POLL_MS);
  }
}
