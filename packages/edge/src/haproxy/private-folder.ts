/**
 * The folder of one run: sockets and files of HAProxy. It lies among the temporary ones, because paths of sockets have to be
 * short. HAProxy goes on serving when the edge is killed; the next run finds the folder by its record and lets it finish.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Timers } from '@stadion/base';
import { ask } from './runtime-socket.ts';

/** The socket and the process id of one HAProxy. */
interface Left {
  readonly pid: number;
  readonly socket: string;
}

const LOOK_MS = 20;
const LOOKS = 100;

/** The folder. */
export class PrivateFolder {
  readonly path: string;
  private readonly recordPath: string;

  private constructor(path: string, recordPath: string) {
    this.path = path;
    this.recordPath = recordPath;
  }

  /**
   * Makes a new one, after those that a run before has left behind have stopped listening.
   * @param recordPath where it is written down which one is in use
   */
  static async make(recordPath: string, timers: Timers): Promise<PrivateFolder> {
    await endLeftovers(recordPath, timers);
    const path = await mkdtemp(join(tmpdir(), 'stadion-edge-'));
    return new PrivateFolder(path, recordPath);
  }

  /** Writes down who serves from it. */
  async record(serving: readonly Left[]): Promise<void> {
    await writeFile(this.recordPath, JSON.stringify({ folder: this.path, serving }));
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
    await rm(this.recordPath, { force: true });
  }
}

async function endLeftovers(recordPath: string, timers: Timers): Promise<void> {
  const text = await readFile(recordPath, 'utf8').catch(() => undefined);
  const record = text === undefined ? undefined : readRecord(text);
  if (record === undefined) return;
  for (const { pid, socket } of record.serving) {
    const line = await readFile(`/proc/${String(pid)}/cmdline`, 'utf8').catch(() => '');
    // The number may be another process's by now.
    if (!line.includes(record.folder)) continue;
    process.kill(pid, 'SIGUSR1');
    for (let look = 0; look < LOOKS && (await answers(socket)); look += 1) {
      await new Promise<void>((resolve) => {
        timers.after(LOOK_MS, resolve);
      });
    }
  }
  await rm(record.folder, { recursive: true, force: true });
}

function answers(socket: string): Promise<boolean> {
  return ask(socket, 'show info').then(
    (text) => text !== '',
    () => false,
  );
}

function readRecord(text: string): { readonly folder: string; readonly serving: readonly Left[] } | undefined {
  try {
    const value = JSON.parse(text) as { readonly folder?: unknown; readonly serving?: unknown };
    if (typeof value.folder !== 'string' || !value.folder.startsWith(tmpdir()) || !Array.isArray(value.serving)) {
      return undefined;
    }
    const serving = (value.serving as Partial<Left>[]).flatMap(({ pid, socket }) =>
      typeof pid === 'number' && typeof socket === 'string' ? [{ pid, socket }] : [],
    );
    return { folder: value.folder, serving };
  } catch {
    // A record that was cut off by a crash names nobody.
    return undefined;
  }
}
