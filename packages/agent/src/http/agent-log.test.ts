import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { LogVerbosity } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAgent, type Agent } from '../agent.ts';
import { optionsIn } from '../testing/agent-in-directory.ts';
import { FakeMaster } from '../testing/fake-master.ts';
import { createAgentHttp } from './agent-http.ts';

let root: string;
let logFile: string;
let agent: Agent;
let http: FastifyInstance;
let applied: number[];
const time = new VirtualTime();

describe('the log of the agent', () => {
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'stadion agent log '));
    logFile = join(root, 'agent.log');
    writeFileSync(logFile, 'began\n');
    agent = createAgent(optionsIn(join(root, 'work'), new FakeMaster(), time));
    applied = [];
    const verbosity = new LogVerbosity(0, time, (level) => applied.push(level));
    http = createAgentHttp(agent, { clock: time, timers: time, logFile, verbosity });
    await agent.start();
  });

  afterEach(async () => {
    await http.close();
    await agent.stop();
    rmSync(root, { recursive: true, force: true });
  });

  async function get(url: string, query: Record<string, string> = {}) {
    const response = await http.inject({ method: 'GET', url, query });
    return { status: response.statusCode, json: () => response.json<unknown>() };
  }

  it('is one more file, as it is at the moment, and /state says that there is one', async () => {
    const read = (query: Record<string, string>) => get('/files/read', { path: '/slave/log', ...query });
    expect((await read({})).json()).toEqual({ offset: 6, data: '' });
    appendFileSync(logFile, 'went on\n');
    expect((await read({ offset: '6', length: '4' })).json()).toEqual({ offset: 6, data: 'went' });
    // Moved aside, and begun anew.
    renameSync(logFile, `${logFile}.1`);
    writeFileSync(logFile, 'anew\n');
    expect((await get('/slave(1)/files/read.json', { path: '/slave/log', offset: '0' })).json()).toEqual({
      offset: 0,
      data: 'anew\n',
    });
    const whole = await http.inject({ url: '/files/download', query: { path: '/slave/log' } });
    expect([whole.body, whole.headers['content-disposition']]).toEqual([
      'anew\n',
      expect.stringContaining('filename=agent.log') as string,
    ]);
    expect((await get('/files/debug')).json()).toMatchObject({ '/slave/log': logFile });
    expect((await get('/state')).json()).toMatchObject({ log_dir: dirname(logFile) });
  });

  it('has more in it for a while, when somebody says so', async () => {
    const call = async (message: object) =>
      http.inject({
        method: 'POST',
        url: '/api/v1',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        payload: JSON.stringify(message),
      });
    const set = (level: number, nanoseconds: number) =>
      call({ type: 'SET_LOGGING_LEVEL', set_logging_level: { level, duration: { nanoseconds } } });
    expect((await set(1, 5_000_000_000)).statusCode).toBe(200);
    expect((await call({ type: 'GET_LOGGING_LEVEL' })).json()).toMatchObject({ get_logging_level: { level: 1 } });
    await time.advance(5_000);
    expect(applied).toEqual([1, 0]);
    expect((await set(1, -1)).statusCode).toBe(400);
    expect((await call({ type: 'SET_LOGGING_LEVEL' })).statusCode).toBe(400);
    expect((await http.inject({ method: 'POST', url: '/logging/toggle?level=3&duration=1secs' })).statusCode).toBe(200);
    expect((await http.inject('/logging/toggle')).body).toBe('3\n');
    expect((await http.inject('/logging/toggle?level=-3&duration=1secs')).statusCode).toBe(400);
  });

  it.each([
    ['browse', '/slave/log', 400],
    ['read', '/slave/log/', 200],
    ['read', '/slave/log/agent.log', 404],
    ['read', '/slave/log.1', 404],
    ['read', '/slave', 404],
    ['read', 'slave/log', 404],
    ['read', '/slave/log/../log', 400],
    ['read', '/master/log', 404],
  ])('is nothing more: %s %s is %i', async (page, path, status) => {
    writeFileSync(`${logFile}.1`, 'before');
    expect((await get(`/files/${page}`, { path, offset: '0' })).status).toBe(status);
  });
});
