import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { silentLogger } from '@stadion/base';
import { systemTimers } from '@stadion/base/system';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openLmdbStore } from './index.ts';

const ROOM = join(import.meta.dirname, '..', '..', '..');
const WRITER = join(ROOM, 'dist', 'testing', 'acknowledging-writer.js');

let directory: string;

beforeAll(() => {
  // The writer is a process of its own, and Node runs JavaScript: build what this test is about.
  const manifest = createRequire(import.meta.url).resolve('typescript-native/package.json');
  const compiler = join(dirname(manifest), 'bin', 'tsc');
  execFileSync(process.execPath, [compiler, '-b', ROOM], { stdio: 'inherit' });
}, 120_000);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stadion-durability-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

for (const acknowledgements of [1, 50, 500]) {
  test(`keeps everything acknowledged, and no half batch, when killed after ${acknowledgements} acknowledgements`, async () => {
    const acknowledged = await runUntilKilled(acknowledgements);
    expect(acknowledged).toBeGreaterThanOrEqual(acknowledgements);

    const store = await openLmdbStore({ directory, timers: systemTimers, log: silentLogger });
    const found = new Map<number, number>();
    for await (const { key } of store.list('/kill/')) {
      const number = Number(key.split('/')[2]);
      found.set(number, (found.get(number) ?? 0) + 1);
    }
    for (let number = 0; number < acknowledged; number += 1) expect(found.get(number)).toBe(3);
    expect([...found.values()].every((records) => records === 3)).toBe(true);
    expect(await store.get('/newest')).toMatchObject({ value: found.size - 1 });
    await store.close();
  });
}

test('takes over the directory of a process that was killed', async () => {
  await runUntilKilled(1);
  const owner = JSON.parse(readFileSync(join(directory, 'owner.lock'), 'utf8')) as { pid: number };
  expect(owner.pid).not.toBe(process.pid);
  const store = await openLmdbStore({ directory, timers: systemTimers, log: silentLogger });
  const { epoch } = await store.campaign('successor');
  expect(epoch).toBe(2);
  await store.close();
});

test('names the pid of the living process that uses the directory', async () => {
  const writer = spawn(process.execPath, [WRITER, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await new Promise((resolve) => writer.stdout.once('data', resolve));
    await expect(openLmdbStore({ directory, timers: systemTimers, log: silentLogger })).rejects.toMatchObject({
      code: 'store-locked',
      message: expect.stringContaining(`pid ${writer.pid}`),
    });
  } finally {
    await killed(writer);
  }
});

/** Starts the writer and kills it as soon as it has acknowledged so much. Gives how many it acknowledged in the end. */
async function runUntilKilled(acknowledgements: number): Promise<number> {
  const writer = spawn(process.execPath, [WRITER, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  let lines = 0;
  writer.stdout.setEncoding('utf8');
  writer.stdout.on('data', (text: string) => {
    lines += text.split('\n').length - 1;
    if (lines >= acknowledgements) writer.kill('SIGKILL');
  });
  await new Promise((resolve) => writer.once('close', resolve));
  return lines;
}

async function killed(child: ReturnType<typeof spawn>): Promise<void> {
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await closed;
}
