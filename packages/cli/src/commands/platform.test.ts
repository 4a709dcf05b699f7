import { join } from 'node:path';
import type { ServerConfig } from '@stadion/contract';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../exit-codes.ts';
import { FakePlatform } from '../testing/fake-platform.ts';
import { run, start, until } from '../testing/run.ts';
import { sampleSlave } from '../testing/samples.ts';

const PID_FILE = join('state', 'stadion.pid');
const AGENT_FILE = join('state', 'stadion-agent.pid');
const AGENT_CONTENT = JSON.stringify({ pid: 43, startTime: '1001', addresses: { agent: 'http://127.0.0.1:5051' } });
const CONTENT = JSON.stringify({
  pid: 42,
  startTime: '1000',
  addresses: { orchestrator: 'http://127.0.0.1:8080', master: 'http://127.0.0.1:5050', agent: 'http://127.0.0.1:5051' },
});

describe('up', () => {
  async function configOf(words: readonly string[], options: Parameters<typeof run>[2] = {}): Promise<ServerConfig> {
    let given: ServerConfig | undefined;
    const result = await run(new FakePlatform(), ['up', ...words], {
      ...options,
      startPlatform: async (config) => {
        given = config;
        return 0;
      },
    });
    expect(result.code).toBe(EXIT.ok);
    return given!;
  }

  it('hands over the settings: flag over environment over file over default', async () => {
    const files = { 'c.yaml': 'orchestratorPort: 1\nmaster-port: 2\nagentPort: 3\n' };
    const environment = { STADION_CONFIG: 'c.yaml', STADION_ORCHESTRATOR_PORT: '4', STADION_MASTER_PORT: '5' };
    const config = await configOf(['--orchestrator-port', '0', '--data-dir', 'd', '--demo'], { files, environment });
    expect(config).toMatchObject({
      orchestratorPort: 0,
      masterPort: 5,
      agentPort: 3,
      dataDir: 'd',
      demo: true,
      store: 'lmdb',
      stopTasksOnExit: false,
    });
    expect(await configOf([])).toMatchObject({ orchestratorPort: 8080, dataDir: './.stadion' });
  });

  it('says everything that is wrong with the settings at once', async () => {
    const result = await run(new FakePlatform(), ['up', '--master-port', '70000', '--config', 'c.json'], {
      startPlatform: async () => 0,
      environment: { STADION_STORE: 'disk' },
      files: { 'c.json': '{"agnetPort": 1}' },
    });
    expect(result.code).toBe(EXIT.usage);
    expect(result.stderr).toContain('--master-port must be a whole number from 0 to 65535, not "70000"');
    expect(result.stderr).toContain('STADION_STORE must be one of lmdb, memory');
    expect(result.stderr).toContain("unknown setting 'agnetPort'");
  });
});

describe('down', () => {
  const files = { [PID_FILE]: CONTENT };

  it('stops the platform of the data directory and waits until it has ended', async () => {
    const processes = new Map([[42, '1000']]);
    const result = await run(new FakePlatform(), ['down', '--data-dir', 'state'], { files, processes });
    expect(result.code).toBe(EXIT.ok);
    expect(result.signals).toEqual(['SIGTERM 42']);
    expect(result.stdout).toContain('Stopped the platform (process 42)');
  });

  it('stops whatever shares the data directory, the server before the agent', async () => {
    const both = { ...files, [AGENT_FILE]: AGENT_CONTENT };
    const processes = new Map([
      [42, '1000'],
      [43, '1001'],
    ]);
    const result = await run(new FakePlatform(), ['down', '--data-dir', 'state'], { files: both, processes });
    expect(result.signals).toEqual(['SIGTERM 42', 'SIGTERM 43']);
    expect(result.stdout).toContain('processes 42, 43');
  });

  it('stops tasks as well with --tasks', async () => {
    const processes = new Map([[42, '1000']]);
    const result = await run(new FakePlatform(), ['down', '--data-dir', 'state', '--tasks'], { files, processes });
    expect(result.signals).toEqual(['SIGUSR2 42']);
  });

  it('never signals a process that has got the same number since', async () => {
    const processes = new Map([[42, '2000']]);
    const result = await run(new FakePlatform(), ['down', '--data-dir', 'state'], { files, processes });
    expect([result.code, result.signals]).toEqual([EXIT.ok, []]);
    expect(result.stderr).toContain('has ended without being told to');
    expect(result.stderr).toContain('Its tasks may still run');
  });

  it('ends with 3 when the platform does not end in time', async () => {
    const processes = new Map([[42, '1000']]);
    const command = start(new FakePlatform(), ['down', '--data-dir', 'state', '--timeout', '10s'], {
      files,
      machine: { processStartTime: (pid) => processes.get(pid), signal: () => undefined },
    });
    await until(command, () => command.code !== undefined);
    expect(command.code).toBe(EXIT.timeout);
    expect(command.stderr).toContain('kill -9 42');
  });

  it('is content when nothing runs, and says so when the file is damaged', async () => {
    expect((await run(new FakePlatform(), ['down'])).code).toBe(EXIT.ok);
    const damaged = await run(new FakePlatform(), ['down', '--data-dir', 'state'], { files: { [PID_FILE]: '{' } });
    expect(damaged.code).toBe(EXIT.error);
    expect(damaged.stderr).toContain('stadion.pid cannot be read');
  });
});

describe('where the platform is', () => {
  const elsewhere = CONTENT.replaceAll('127.0.0.1:8080', '127.0.0.1:9999');
  const files = { [PID_FILE]: elsewhere };
  const processes = new Map([[42, '1000']]);

  const cases: readonly (readonly [string, readonly string[], Record<string, string>, string])[] = [
    [
      '--url',
      ['--url', '127.0.0.1:1111/', '--data-dir', 'state'],
      { STADION_URL: 'http://h:2' },
      'http://127.0.0.1:1111',
    ],
    ['STADION_URL', [], { STADION_URL: 'http://h:2', STADION_DATA_DIR: 'state' }, 'http://h:2'],
    ['the pid file', [], { STADION_DATA_DIR: 'state' }, 'http://127.0.0.1:9999'],
    ['the pid file of --data-dir', ['--data-dir', 'state'], { STADION_URL: 'http://h:2' }, 'http://127.0.0.1:9999'],
  ];
  for (const [name, flags, environment, expected] of cases) {
    it(`is taken from ${name}`, async () => {
      const result = await run(new FakePlatform(), ['version', '-o', 'json', ...flags], {
        files,
        processes,
        environment,
      });
      expect(JSON.parse(result.stdout).url).toBe(expected);
    });
  }

  it('is nowhere when the platform was killed, and the error says to start it again', async () => {
    const platform = new FakePlatform();
    platform.isDown = true;
    const result = await run(platform, ['app', 'list', '--data-dir', 'state'], { files });
    expect(result.stderr).toContain('Start it again with: stadion up --data-dir state');
  });

  it('is that of the server where an agent has the same data directory', async () => {
    const both = { ...files, [AGENT_FILE]: AGENT_CONTENT };
    const alive = new Map([...processes, [43, '1001']]);
    const result = await run(new FakePlatform(), ['version', '-o', 'json', '--data-dir', 'state'], {
      files: both,
      processes: alive,
    });
    expect(JSON.parse(result.stdout).url).toBe('http://127.0.0.1:9999');
  });

  it('is that of an orchestrator whose master is elsewhere', async () => {
    const alone = JSON.stringify({ pid: 42, startTime: '1000', addresses: { orchestrator: 'http://127.0.0.1:7777' } });
    const result = await run(new FakePlatform(), ['version', '-o', 'json', '--data-dir', 'state'], {
      files: { [PID_FILE]: alone },
      processes,
    });
    expect(JSON.parse(result.stdout).url).toBe('http://127.0.0.1:7777');
  });

  it('is told as missing by commands that have no client of their own, too', async () => {
    const platform = new FakePlatform();
    platform.isDown = true;
    const result = await run(platform, ['secret', 'list', '--url', 'http://127.0.0.1:1']);
    expect(result.code).toBe(EXIT.error);
    expect(result.stderr).toContain('error: No orchestrator answers at http://127.0.0.1:1.');
    expect(result.stderr).not.toContain('bug');
  });

  it('is to be said where only an agent runs', async () => {
    const platform = new FakePlatform();
    platform.isDown = true;
    const result = await run(platform, ['app', 'list', '--data-dir', 'state'], {
      files: { [AGENT_FILE]: AGENT_CONTENT },
      processes: new Map([[43, '1001']]),
    });
    expect(result.stderr).toContain('Say where one of its servers is: --url');
  });

  it('is not to be started with up where a server was killed', async () => {
    const platform = new FakePlatform();
    platform.isDown = true;
    const server = JSON.stringify({
      pid: 42,
      startTime: '1',
      addresses: { orchestrator: 'http://h:1', master: 'http://h:2' },
    });
    const result = await run(platform, ['app', 'list', '--data-dir', 'state'], { files: { [PID_FILE]: server } });
    expect(result.stderr).toContain('Start it again as it was started before.');
  });

  it('is the conventional address when the file is of a platform that has ended', async () => {
    const platform = new FakePlatform();
    platform.slaves = [sampleSlave()];
    const result = await run(platform, ['version', '-o', 'json', '--data-dir', 'state'], { files });
    expect(JSON.parse(result.stdout)).toEqual({ client: '0.1.0', server: '1.11.0', url: 'http://127.0.0.1:8080' });
  });
});
