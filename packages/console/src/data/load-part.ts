/** Reads a part of the console that is fetched when it is first shown. */
import { delay } from '@stadion/base';
import { time } from './browser-time.ts';

/** Before each further attempt, ms. */
const PAUSES_MS = [200, 1_000, 3_000];

/**
 * Tries again for some seconds: a browser drops what is under way when a person changes from one network to another.
 * @param load `() => import('…')`
 * @throws what the last attempt threw
 */
export async function loadPart<Part>(load: () => Promise<Part>): Promise<Part> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await load();
    } catch {
      await delay(time, pauseMs);
    }
  }
  return load();
}
