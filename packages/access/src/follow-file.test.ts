import { mkdtemp, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, type Logger, type TimerHandle } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { followFile } from './follow-file.ts';

let folder: string;
let path: string;
let time: VirtualTime;
/** What was taken over, the newest last. */
let taken: string[];
/** How often it was tried to read the file. */
let tries: number;
let errors: string[];
let following: TimerHandle | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stadion-follow-'));
  path = join(folder, 'file');
  time = new VirtualTime();
  [taken, tries, errors, following] = [[], 0, [], undefined];
});

afterEach(async () => {
  following?.cancel();
  await rm(folder, { recursive: true });
});

async function follow(): Promise<void> {
  const log: Logger = {
    ...silentLogger,
    error: (facts) => {
      errors.push((facts as { readonly error: string }).error);
    },
  };
  const read = async (): Promise<boolean> => {
    tries += 1;
    const text = await readFile(path, 'utf8');
    if (text.startsWith('bad')) throw new Error(text);
    taken.push(text);
    return true;
  };
  following = await followFile({ path, name: 'The file', read }, time, log);
}

/** Nobody sees half of it. */
async function put(text: string): Promise<void> {
  await writeFile(`${path}.next`, text);
  await rename(`${path}.next`, path);
}

/** Looks are taken until something is so. */
async function until(claim: () => void): Promise<void> {
  await vi.waitFor(async () => {
    await time.advance(1_000);
    claim();
  });
}

describe('a file that is followed', () => {
  it('is read at once, and whoever follows one that cannot be is told', async () => {
    await writeFile(path, 'bad');
    await expect(follow()).rejects.toThrow('bad');
    await writeFile(path, 'one');
    await follow();
    expect(taken).toEqual(['one']);
  });

  it('is read again when another one of the same size and time has come in its place, and not otherwise', async () => {
    await writeFile(path, 'one');
    await follow();
    const { atime, mtime } = await stat(path);
    const next = join(folder, 'next');
    await writeFile(next, 'two');
    await utimes(next, atime, mtime);
    await utimes(path, atime, mtime);
    await until(() => {
      expect(tries).toBe(2);
    });
    await rename(next, path);
    await until(() => {
      expect(taken).toEqual(['one', 'one', 'two']);
    });
  });

  it('is complained about once while it is bad in one way, and tried again: what it names may be what is wrong', async () => {
    await put('one');
    await follow();
    await put('bad');
    await until(() => {
      expect(tries).toBeGreaterThan(4);
    });
    expect(errors).toEqual(['bad']);
    await put('bad in another way');
    await until(() => {
      expect(errors).toEqual(['bad', 'bad in another way']);
    });
    await put('two');
    await until(() => {
      expect(taken).toEqual(['one', 'two']);
    });
  });
});
