import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualTime } from '@stadion/base/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile } from './log-file.ts';
import { openLog } from './logging.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'stadion log '));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('the log of the platform', () => {
  it('is JSON lines, the fields of a room with each', async () => {
    const log = await openLog(join(root, 'log'), 'info', new VirtualTime());
    log.logger.child({ room: 'agent' }).info({ task: 'a' }, 'started');
    log.logger.debug({}, 'not at this level');
    log.close();
    const lines = readFileSync(log.path, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ room: 'agent', task: 'a', msg: 'started' });
    expect(statSync(log.path).mode & 0o077).toBe(0);
  });

  it('can be told to say more of one room, and to say as much as before', async () => {
    const log = await openLog(join(root, 'log'), 'info', new VirtualTime());
    const agent = log.logger.child({ room: 'agent' });
    const task = agent.child({ task: 'a' });
    expect([...log.levels.all()]).toEqual([
      ['root', 'info'],
      ['agent', 'info'],
    ]);
    expect(log.levels.set('nobody', 'debug')).toBe(false);
    expect(log.levels.set('agent', 'debug')).toBe(true);
    task.debug({}, 'heard');
    log.logger.debug({}, 'of no room');
    log.levels.set('root', 'error');
    log.logger.info({}, 'too little');
    log.levels.reset('agent');
    agent.info({}, 'too little as well');
    log.levels.reset('root');
    agent.info({}, 'heard again');
    log.close();
    const lines = readFileSync(log.path, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['heard', 'heard again']);
  });

  it('tells more of all rooms for a while, as Mesos counts it, whatever is set for them', async () => {
    const time = new VirtualTime();
    const log = await openLog(join(root, 'log'), 'info', time);
    const agent = log.logger.child({ room: 'agent' });
    log.levels.set('agent', 'error');
    expect(log.verbosity.set(3, 10_000)).toBeUndefined();
    expect([...log.levels.all()]).toEqual([
      ['root', 'trace'],
      ['agent', 'trace'],
    ]);
    agent.debug({}, 'heard');
    await time.advance(10_000);
    agent.warn({}, 'too little');
    expect([...log.levels.all()]).toEqual([
      ['root', 'info'],
      ['agent', 'error'],
    ]);
    log.verbosity.set(1, 10_000);
    expect(log.levels.all().get('root')).toBe('debug');
    log.close();
    expect(time.nextAt(), 'nothing keeps the process').toBeUndefined();
    const lines = readFileSync(log.path, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).msg).filter((line) => !/asked for/.test(line))).toEqual(['heard']);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 40, verbosity: 3 });
    const chatty = await openLog(join(root, 'log'), 'debug', time);
    expect([chatty.verbosity.level, chatty.verbosity.set(0, 1)]).toEqual([1, `'0' < original level`]);
    chatty.close();
  });

  it.skipIf(!existsSync('/dev/full'))('costs lines, not the platform, when the disk is full', async () => {
    mkdirSync(join(root, 'log'));
    symlinkSync('/dev/full', join(root, 'log', 'stadion.log'));
    const log = await openLog(join(root, 'log'), 'info', new VirtualTime());
    expect(() => log.logger.info({}, 'the disk takes nothing')).not.toThrow();
    log.close();
  });

  it('may still be written to by what stops late', async () => {
    const log = await openLog(join(root, 'log'), 'info', new VirtualTime());
    const room = log.logger.child({ room: 'agent' });
    log.close();
    expect(() => room.error({}, 'too late')).not.toThrow();
  });
});

describe('the file of the log', () => {
  it('is moved aside when it is full, and again after a restart', () => {
    const path = join(root, 'stadion.log');
    const file = new LogFile(path, 10);
    for (const line of ['first----\n', 'second---\n', 'third----\n']) file.write(line);
    file.close();
    expect([readFileSync(path, 'utf8'), readFileSync(`${path}.1`, 'utf8')]).toEqual(['third----\n', 'second---\n']);
    const again = new LogFile(path, 10);
    again.write('fourth---\n');
    again.close();
    expect([readFileSync(path, 'utf8'), readFileSync(`${path}.1`, 'utf8')]).toEqual(['fourth---\n', 'third----\n']);
  });
});
