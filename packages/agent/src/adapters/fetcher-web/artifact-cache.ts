/** Artifacts that many tasks share: fetched once, kept within a bound, the least recently used going first. */
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, type Logger } from '@stadion/base';

interface Cached {
  readonly path: string;
  bytes: number;
  /** How many tasks copy from it right now; those are not evicted. */
  users: number;
  ready: Promise<void>;
  isReady: boolean;
  /** Cuts the download short once nobody waits for it. */
  readonly unwanted: AbortController;
}

/** A directory of files by URI. It starts empty: what an earlier agent left is removed. */
export class ArtifactCache {
  private readonly directory: string;
  private readonly bytesMax: number;
  private readonly log: Logger;
  /** In the order of last use. */
  private readonly entries = new Map<string, Cached>();
  private opened: Promise<void> | undefined;
  private count = 0;

  constructor(directory: string, bytesMax: number, log: Logger) {
    this.directory = directory;
    this.bytesMax = bytesMax;
    this.log = log;
  }

  /** Bytes in the cache. */
  get usedBytes(): number {
    let bytes = 0;
    for (const entry of this.entries.values()) bytes += entry.bytes;
    return bytes;
  }

  /**
   * Gives `use` the file of a key. Of several who want a missing one at the same time, one downloads it.
   * @param signal ends the wait of this caller; the download goes on as long as another one waits for it
   * @param download writes the artifact to the path; when it fails, all who wait fail, and the next one tries anew
   */
  async withFile(
    key: string,
    signal: AbortSignal,
    download: (path: string, unwanted: AbortSignal) => Promise<void>,
    use: (path: string) => Promise<void>,
  ): Promise<void> {
    const entry = this.entries.get(key) ?? this.begin(key, download);
    // Used last: to the end of the order.
    this.entries.delete(key);
    this.entries.set(key, entry);
    entry.users += 1;
    try {
      await untilAborted(entry.ready, signal);
      await use(entry.path);
    } finally {
      entry.users -= 1;
      if (entry.users === 0 && !entry.isReady) this.giveUp(key, entry);
      await this.evict();
    }
  }

  private giveUp(key: string, entry: Cached): void {
    if (this.entries.get(key) === entry) this.entries.delete(key);
    entry.unwanted.abort(new Error('no task waits for it any more'));
  }

  private begin(key: string, download: (path: string, unwanted: AbortSignal) => Promise<void>): Cached {
    this.count += 1;
    const entry: Cached = {
      path: join(this.directory, `c${this.count}`),
      bytes: 0,
      users: 0,
      ready: Promise.resolve(),
      isReady: false,
      unwanted: new AbortController(),
    };
    entry.ready = this.open()
      .then(() => download(entry.path, entry.unwanted.signal))
      .then(async () => {
        entry.bytes = (await stat(entry.path)).size;
        entry.unwanted.signal.throwIfAborted();
        entry.isReady = true;
      })
      .catch(async (error: unknown) => {
        if (this.entries.get(key) === entry) this.entries.delete(key);
        await rm(entry.path, { force: true });
        throw error;
      });
    return entry;
  }

  private open(): Promise<void> {
    this.opened ??= rm(this.directory, { recursive: true, force: true }).then(async () => {
      await mkdir(this.directory, { recursive: true, mode: 0o700 });
    });
    return this.opened;
  }

  private async evict(): Promise<void> {
    let used = this.usedBytes;
    for (const [key, entry] of this.entries) {
      if (used <= this.bytesMax) return;
      if (entry.users > 0) continue;
      this.entries.delete(key);
      used -= entry.bytes;
      await rm(entry.path, { force: true }).catch((error: unknown) => {
        this.log.warn({ error: describeError(error) }, 'a cached artifact could not be removed');
      });
    }
  }
}

/** Waits for `work`, or rejects as soon as the signal is aborted. */
function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
