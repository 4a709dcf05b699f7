import { beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../exit-codes.ts';
import { FakePlatform } from '../testing/fake-platform.ts';
import { run, start, until } from '../testing/run.ts';
import { sampleApp, sampleSlave, sampleTask, sampleTaskId, VERSION } from '../testing/samples.ts';

const FIRST = sampleTaskId('shop', 'aaaaaaaa');
const SECOND = sampleTaskId('shop', 'bbbbbbbb');

let platform: FakePlatform;

beforeEach(() => {
  platform = new FakePlatform();
  platform.apps = [sampleApp({ id: '/shop', tasks: [sampleTask('/shop', 'aaaaaaaa')], tasksRunning: 1 })];
  platform.slaves = [sampleSlave()];
  platform.write(FIRST, 'stdout', 'one\ntwo\nthree\n');
});

function announce(taskId: string, taskStatus: 'TASK_RUNNING' | 'TASK_FAILED'): void {
  platform.emit({
    eventType: 'status_update_event',
    timestamp: VERSION,
    slaveId: 'M-S0',
    taskId,
    taskStatus,
    message: '',
    appId: '/shop',
    host: 'n1',
    ipAddresses: [],
    ports: [],
    version: VERSION,
  });
}

describe('logs', () => {
  it('prints the last lines of every instance of an app, each with its name', async () => {
    platform.apps = [
      sampleApp({ id: '/shop', tasks: [sampleTask('/shop', 'aaaaaaaa'), sampleTask('/shop', 'bbbbbbbb')] }),
    ];
    platform.write(SECOND, 'stdout', 'other\nunfinished');
    const result = await run(platform, ['logs', 'shop', '-n', '2']);
    expect(result.code).toBe(EXIT.ok);
    expect(result.stdout).toBe(
      'shop.aaaaaaaa two\nshop.aaaaaaaa three\nshop.bbbbbbbb other\nshop.bbbbbbbb unfinished\n',
    );
  });

  it('takes a task by id or short name, also one that has ended, and stderr', async () => {
    for (const name of [FIRST, 'shop.aaaaaaaa', 'aaaa']) {
      expect((await run(platform, ['logs', name, '-q', '-n', '1'])).stdout).toBe('three\n');
    }
    platform.write('gone.task', 'stderr', 'last words\n');
    expect((await run(platform, ['logs', 'gone.task', '--stderr', '-q'])).stdout).toBe('last words\n');
    const unknown = await run(platform, ['logs', 'shpo']);
    expect(unknown.code).toBe(EXIT.error);
    expect(unknown.stderr).toContain('Did you mean /shop');
  });

  it('reads by the name that says whose the sandbox is, for who may not know what else the agent runs', async () => {
    platform.isNarrowed = true;
    expect((await run(platform, ['logs', 'shop', '-q', '-n', '1'])).stdout).toBe('three\n');
  });

  it('finds the last lines far back in a large file, and prints none with -n 0', async () => {
    const long = 'x'.repeat(1000);
    platform.write(FIRST, 'stdout', Array.from({ length: 400 }, (_unused, index) => `${index} ${long}\n`).join(''));
    const result = await run(platform, ['logs', 'shop', '-q', '-n', '150']);
    const lines = result.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(150);
    expect(lines[0]).toBe(`250 ${long}`);
    expect((await run(platform, ['logs', 'shop', '-n', '0'])).stdout).toBe('');
  });

  it('follows what is added until Ctrl-C, in whole lines and whole characters', async () => {
    const command = start(platform, ['logs', '-f', 'shop', '-n', '1']);
    await until(command, () => command.stdout.includes('three'));
    const euro = Buffer.from('€');
    platform.write(FIRST, 'stdout', Buffer.concat([Buffer.from('costs 5 '), euro.subarray(0, 2)]));
    await command.time.advance(2000);
    expect(command.stdout).toBe('shop.aaaaaaaa three\n');
    platform.write(FIRST, 'stdout', Buffer.concat([euro.subarray(2), Buffer.from('\n')]));
    await until(command, () => command.stdout.includes('costs'));
    expect(command.stdout).toBe('shop.aaaaaaaa three\nshop.aaaaaaaa costs 5 €\n');
    command.interrupt();
    await until(command, () => command.code !== undefined);
    expect(command.code).toBe(EXIT.ok);
  });

  it('goes on when the log is rotated, losing nothing', async () => {
    const command = start(platform, ['logs', '-f', 'shop', '-n', '1']);
    await until(command, () => command.stdout.includes('three'));
    platform.write(FIRST, 'stdout.1', 'one\ntwo\nthree\nfour\n');
    platform.write(FIRST, 'stdout', 'five\n', { replace: true });
    await until(command, () => command.stdout.includes('five'));
    expect(command.stdout).toBe('shop.aaaaaaaa three\nshop.aaaaaaaa four\nshop.aaaaaaaa five\n');
    expect(command.stderr).toContain('shop.aaaaaaaa: log begun anew');
    command.interrupt();
    await command.ended;
  });

  it('joins in new instances and takes leave of ended ones', async () => {
    const command = start(platform, ['logs', '-f', 'shop', '-n', '1']);
    await until(command, () => command.stdout.includes('three'));
    platform.write(SECOND, 'stdout', 'hello\n');
    announce(SECOND, 'TASK_RUNNING');
    await until(command, () => command.stdout.includes('shop.bbbbbbbb hello'));
    platform.write(FIRST, 'stdout', 'bye');
    announce(FIRST, 'TASK_FAILED');
    await until(command, () => command.stderr.includes('shop.aaaaaaaa: ended'));
    expect(command.stdout).toContain('shop.aaaaaaaa bye\n');
    expect(command.code).toBeUndefined();
    command.interrupt();
    await command.ended;
  });

  it('finds a new instance without any event', async () => {
    const command = start(platform, ['logs', '-f', 'shop', '-n', '1']);
    await until(command, () => command.stdout.includes('three'));
    platform.closeStreams();
    platform.write(SECOND, 'stdout', 'hello\n');
    platform.apps[0]?.tasks?.push(sampleTask('/shop', 'bbbbbbbb'));
    await until(command, () => command.stdout.includes('shop.bbbbbbbb hello'));
    command.interrupt();
    await command.ended;
  });

  it('ends by itself when the one task that it follows has ended', async () => {
    const command = start(platform, ['logs', '-f', FIRST]);
    await until(command, () => command.stdout.includes('three'));
    announce(FIRST, 'TASK_FAILED');
    await until(command, () => command.code !== undefined);
    expect(command.code).toBe(EXIT.ok);
  });

  it('keeps hostile text from controlling a terminal, and leaves it as it is in a pipe', async () => {
    const hostile = '\u001b]0;title\u0007\u001b[2J\u001b[31mred\u001b[0m \u009b1A\r\u0007tab\there';
    platform.write(FIRST, 'stdout', `${hostile}\n`);
    const shown = await run(platform, ['logs', 'shop', '-q', '-n', '1'], { terminal: true });
    expect(shown.stdout).toBe('\u001b[31mred\u001b[0m \\r\\x07tab\there\u001b[0m\n');
    const bare = await run(platform, ['logs', 'shop', '-q', '-n', '1'], {
      terminal: true,
      environment: { NO_COLOR: '1' },
    });
    expect(bare.stdout).toBe('red \\r\\x07tab\there\n');
    expect((await run(platform, ['logs', 'shop', '-q', '-n', '1'])).stdout).toBe(`${hostile}\n`);
  });

  it('falls back on the instance that failed last when none is there', async () => {
    platform.apps = [
      sampleApp({
        id: '/shop',
        lastTaskFailure: {
          appId: '/shop',
          host: 'n1',
          message: 'exited with 1',
          state: 'TASK_FAILED',
          taskId: FIRST,
          timestamp: VERSION,
          version: VERSION,
        },
      }),
    ];
    const result = await run(platform, ['logs', 'shop', '-n', '1']);
    expect(result.stdout).toBe('shop.aaaaaaaa three\n');
    expect(result.stderr).toContain('failed last: TASK_FAILED exited with 1');
  });
});

describe('events', () => {
  it('prints each event as it comes, for people and for programs', async () => {
    for (const format of ['table', 'json']) {
      const command = start(platform, ['events', '-f', '-o', format, '-t', 'status_update_event']);
      await until(command, () => platform.requests.some(({ route }) => route === 'events'));
      await command.time.advance(0);
      announce(FIRST, 'TASK_RUNNING');
      await until(command, () => command.stdout.includes('TASK_RUNNING'));
      if (format === 'json') expect(JSON.parse(command.stdout).taskId).toBe(FIRST);
      else expect(command.stdout).toContain(`status_update_event slaveId=M-S0 taskId=${FIRST} taskStatus=TASK_RUNNING`);
      expect(platform.requests.at(-1)?.query.getAll('event_type')).toEqual(['status_update_event']);
      command.interrupt();
      await until(command, () => command.code !== undefined);
      expect(command.code).toBe(EXIT.ok);
    }
  });
});
