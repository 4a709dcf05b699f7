import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogVerbosity } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cluster } from '../testing/cluster.ts';
import { createMasterHttp } from './master-http.ts';
import { createStandbyHttp, isOfStandby } from './standby-http.ts';

let root: string;
let logFile: string;
let app: FastifyInstance | undefined;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'stadion master log '));
  logFile = join(root, 'stadion.log');
  writeFileSync(logFile, 'leads\n');
});

afterEach(async () => {
  await app?.close();
  rmSync(root, { recursive: true, force: true });
});

async function get(url: string) {
  return (app as FastifyInstance).inject({ method: 'GET', url });
}

async function call(message: object) {
  return (app as FastifyInstance).inject({
    method: 'POST',
    url: '/api/v1',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    payload: JSON.stringify(message),
  });
}

describe('the log of a master', () => {
  beforeEach(async () => {
    const cluster = await Cluster.start();
    app = createMasterHttp(cluster.master, { logFile });
  });

  it('is read piece by piece, as pagers do, by JSONP too', async () => {
    expect((await get('/files/read?path=/master/log')).json()).toEqual({ offset: 6, data: '' });
    appendFileSync(logFile, 'still\n');
    expect((await get('/files/read.json?path=/master/log&offset=6&length=5')).json()).toEqual({
      offset: 6,
      data: 'still',
    });
    const pager = await get('/files/read?path=/master/log&offset=0&length=5&jsonp=show');
    expect([pager.body, pager.headers['content-type']]).toEqual([
      'show({"offset":0,"data":"leads"});',
      'text/javascript',
    ]);
    expect((await get('/files/read?path=/master/log&jsonp=1;x()')).statusCode).toBe(400);
  });

  it('is downloaded, and shown by /files/debug and /state', async () => {
    const whole = await get('/files/download?path=/master/log');
    expect([whole.body, whole.headers['content-type']]).toEqual(['leads\n', 'text/plain']);
    writeFileSync(logFile, '');
    expect((await get('/files/download?path=/master/log')).body).toBe('');
    expect((await get('/files/debug')).json()).toEqual({ '/master/log': logFile });
    expect((await get('/state')).json()).toMatchObject({ log_dir: root });
  });

  it.each([
    ['browse?path=/master/log', 400],
    ['browse', 400],
    ['read?path=/master/log&offset=x', 400],
    ['read?path=/master/log.1&offset=0', 404],
    ['read?path=/master/log/../x&offset=0', 400],
    ['read?path=/slave/log&offset=0', 404],
    ['read?path=/etc/passwd&offset=0', 404],
    ['download?path=/etc/passwd', 404],
  ])('is all that there is: %s is %i', async (page, status) => {
    expect((await get(`/files/${page}`)).statusCode).toBe(status);
  });

  it('is read by the operator API', async () => {
    const read = { type: 'READ_FILE', read_file: { path: '/master/log', offset: 1, length: 3 } };
    expect((await call(read)).json()).toEqual({
      type: 'READ_FILE',
      read_file: { size: 6, data: Buffer.from('ead').toString('base64') },
    });
    expect((await call({ type: 'READ_FILE', read_file: { path: '/master/log' } })).statusCode).toBe(400);
    expect((await call({ type: 'LIST_FILES', list_files: { path: '/master/log' } })).statusCode).toBe(400);
    expect((await call({ type: 'LIST_FILES', list_files: { path: '/' } })).statusCode).toBe(404);
  });
});

describe('how much a master logs', () => {
  const time = new VirtualTime();
  let applied: number[];

  beforeEach(async () => {
    applied = [];
    const cluster = await Cluster.start();
    const verbosity = new LogVerbosity(0, time, (level) => applied.push(level));
    app = createMasterHttp(cluster.master, { verbosity });
  });

  const set = (level: unknown, duration: unknown = { nanoseconds: 10_000_000_000 }) =>
    call({ type: 'SET_LOGGING_LEVEL', set_logging_level: { level, duration } });
  const level = async () => (await call({ type: 'GET_LOGGING_LEVEL' })).json<object>();

  it('is changed by the operator API, for a while', async () => {
    expect((await set(2)).statusCode).toBe(200);
    expect(await level()).toEqual({ type: 'GET_LOGGING_LEVEL', get_logging_level: { level: 2 } });
    await time.advance(10_000);
    expect(await level()).toEqual({ type: 'GET_LOGGING_LEVEL', get_logging_level: { level: 0 } });
    expect(applied).toEqual([2, 0]);
  });

  it.each([
    [undefined, { nanoseconds: 1 }],
    [-1, { nanoseconds: 1 }],
    ['much', { nanoseconds: 1 }],
    [1, undefined],
    [1, {}],
    [1, { nanoseconds: -1 }],
  ])('is not changed to %j for %j', async (wrong, duration) => {
    expect((await call({ type: 'SET_LOGGING_LEVEL', set_logging_level: { level: wrong, duration } })).statusCode).toBe(
      400,
    );
    expect(applied).toEqual([]);
  });

  it('is changed by /logging/toggle, too', async () => {
    expect((await get('/logging/toggle')).body).toBe('0\n');
    const toggle = (method: 'GET' | 'POST', headers = {}) =>
      (app as FastifyInstance).inject({ method, url: '/logging/toggle?level=1&duration=15mins', headers });
    expect((await toggle('GET', { 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403);
    expect((await toggle('POST')).statusCode).toBe(200);
    expect((await get('/logging/toggle')).body).toBe('1\n');
    await time.advance(900_000);
    expect(applied).toEqual([1, 0]);
    expect((await toggle('GET')).statusCode).toBe(200);
    expect((await get('/logging/toggle?level=1')).statusCode).toBe(400);
  });
});

it('a master that was told of no log shows none', async () => {
  const cluster = await Cluster.start();
  app = createMasterHttp(cluster.master);
  expect((await get('/files/read?path=/master/log&offset=0')).statusCode).toBe(404);
  expect((await get('/files/debug')).json()).toEqual({});
  expect((await get('/state')).json()).not.toHaveProperty('log_dir');
});

it('a server that stands by shows its own log and metrics, and nothing of the cluster', async () => {
  const verbosity = new LogVerbosity(0, new VirtualTime(), () => undefined);
  app = createStandbyHttp({ startedAt: 0, clock: new VirtualTime(), logFile, verbosity });
  await get('/logging/toggle?level=1&duration=1secs');
  expect(verbosity.level).toBe(1);
  expect((await get('/files/read?path=/master/log&offset=0')).json()).toEqual({ offset: 0, data: 'leads\n' });
  expect((await get('/metrics/snapshot')).json()).toMatchObject({ 'master/elected': 0 });
  const own = ['/files/read', '/files/debug', '/logging/toggle', '/metrics/snapshot', '/metrics/snapshot.json'];
  const others = ['/state', '/files', '/master/files/read', '/api/v1', '/metrics/snapshot/x'];
  expect(own.map(isOfStandby)).toEqual(own.map(() => true));
  expect(others.map(isOfStandby)).toEqual(others.map(() => false));
});
