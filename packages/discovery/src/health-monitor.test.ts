import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualTime } from '@stadion/base/testing';
import { beforeEach, expect, test } from 'vitest';
import { diskCheck, fileCheck, pingCheck } from './health-checks.ts';
import { HealthMonitor, type HealthCheck } from './health-monitor.ts';
import { Provider, type ProviderOptions } from './provider.ts';

let time: VirtualTime;

beforeEach(() => {
  time = new VirtualTime();
});

function monitor(...checks: HealthCheck[]): HealthMonitor {
  const made = new HealthMonitor(checks, time);
  made.start();
  return made;
}

test.each<[string, () => boolean | Promise<boolean>, string | undefined]>([
  ['says yes', () => true, undefined],
  ['says no', () => false, 'it is not well'],
  ['says yes later', () => Promise.resolve(true), undefined],
  ['fails', () => Promise.reject(new Error('no')), 'it is not well'],
  [
    'throws',
    () => {
      throw new Error('no');
    },
    'it is not well',
  ],
  ['has never ended', () => new Promise(() => undefined), 'it has not been checked yet'],
])('a check that %s', async (_what, run, problem) => {
  const watched = monitor({ name: 'it', run });
  await time.advance(10_000);
  expect(watched.problem()).toBe(problem);
});

test('a result that is older than may be is a problem: whoever checks may have stopped', async () => {
  let isHanging = false;
  const run = (): Promise<boolean> => (isHanging ? new Promise(() => undefined) : Promise.resolve(true));
  const watched = monitor({ name: 'it', run, staleMs: 5000 });
  await time.advance(1000);
  expect(watched.problem()).toBeUndefined();
  isHanging = true;
  await time.advance(5000);
  expect(watched.problem()).toBeUndefined();
  await time.advance(1001);
  expect(watched.problem()).toBe('it was checked too long ago');
});

test('a result without a bound of its own lasts for a minute', async () => {
  let isHanging = false;
  const run = (): Promise<boolean> => (isHanging ? new Promise(() => undefined) : Promise.resolve(true));
  const watched = monitor({ name: 'it', run, everyMs: 1000 });
  await time.advance(0);
  isHanging = true;
  await time.advance(60_000);
  expect(watched.problem()).toBeUndefined();
  await time.advance(1);
  expect(watched.problem()).toBe('it was checked too long ago');
});

test('all checks must be well; the first that is not is named', async () => {
  const watched = monitor(
    { name: 'one', run: () => true },
    { name: 'two', run: () => false },
    { name: 'three', run: () => false },
  );
  await time.advance(0);
  expect(watched.problem()).toBe('two is not well');
});

test('an instance is starting, checked, out of rotation and draining, and says which', async () => {
  let isWell = false;
  const place = { namespace: 'ns', service: 'demo', host: 'h', port: 1, time };
  const options: ProviderOptions = { ...place, startDelayMs: 3000, checks: [{ name: 'it', run: () => isWell }] };
  const provider = new Provider(options);
  provider.start();
  expect(provider.condition).toBe('starting');
  await time.advance(3000);
  expect(provider.condition).toBe('it is not well');
  isWell = true;
  await time.advance(1000);
  expect(provider.condition).toBe('healthy');
  provider.setRotation(false);
  expect([provider.condition, provider.isInRotation]).toEqual(['out of rotation', false]);
  provider.setRotation(true);
  await provider.stop();
  expect(provider.condition).toBe('draining');
  expect(new Provider({ ...place, startsOutOfRotation: true }).condition).toBe('out of rotation');
});

test('files, pages and disks are checked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'checks-'));
  const file = join(folder, 'in-rotation');
  await writeFile(file, '');
  expect(await fileCheck(file).run()).toBe(true);
  await rm(file);
  await expect(fileCheck(file).run()).rejects.toThrow('ENOENT');
  expect(await diskCheck(folder, 1).run()).toBe(true);
  expect(await diskCheck(folder, Number.MAX_SAFE_INTEGER).run()).toBe(false);
  await rm(folder, { recursive: true });

  let status = 200;
  const server = createServer((_request, response) => response.writeHead(status).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const page = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
  const strict = pingCheck(page, { timeoutMs: 20_000 });
  const lenient = pingCheck(page, { window: 3, failuresMax: 2, timeoutMs: 20_000 });
  const asked = async (): Promise<(boolean | undefined)[]> => [await strict.run(), await lenient.run()];
  expect(await asked()).toEqual([true, true]);
  status = 500;
  expect(await asked()).toEqual([false, true]);
  expect(await asked()).toEqual([false, false]);
  status = 200;
  await asked();
  expect(await asked()).toEqual([true, true]);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(await strict.run()).toBe(false);
});
