import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { EXIT } from './exit-codes.ts';
import { VirtualTime } from '@stadion/base/testing';
import { FakePlatform } from './testing/fake-platform.ts';
import { run, type RunOptions } from './testing/run.ts';
import {
  sampleApp,
  sampleDeployment,
  sampleQueueItem,
  sampleSlave,
  sampleTask,
  sampleTaskId,
  VERSION,
} from './testing/samples.ts';

function platformWithShop(): FakePlatform {
  const platform = new FakePlatform();
  platform.apps = [
    sampleApp({
      id: '/shop/web',
      instances: 2,
      tasksRunning: 2,
      tasks: [sampleTask('/shop/web', 'aaaaaaaa'), sampleTask('/shop/web', 'bbbbbbbb')],
    }),
    sampleApp({ id: '/demo' }),
  ];
  platform.slaves = [sampleSlave()];
  return platform;
}

describe('the command line', () => {
  const cases: {
    readonly words: string;
    readonly code: number;
    readonly says: RegExp;
    readonly options?: RunOptions;
  }[] = [
    { words: '--help', code: EXIT.ok, says: /Exit codes: 0 ok/ },
    { words: '--version', code: EXIT.ok, says: /^0\.1\.0$/m },
    { words: 'app lst', code: EXIT.usage, says: /Did you mean list/ },
    { words: 'app list --frce', code: EXIT.usage, says: /unknown option '--frce'/ },
    { words: 'app list -o xml', code: EXIT.usage, says: /Allowed choices are table, json, yaml/ },
    { words: 'app scale /demo', code: EXIT.usage, says: /missing required argument 'instances'/ },
    { words: 'app scale /demo many', code: EXIT.usage, says: /whole number from 0, not 'many'/ },
    { words: 'app scale /demo 2 --timeout soon', code: EXIT.usage, says: /--timeout needs a duration/ },
    { words: 'app show /dmeo', code: EXIT.error, says: /There is no app \/dmeo\. Did you mean \/demo\?/ },
    { words: 'app show web', code: EXIT.error, says: /Did you mean \/shop\/web\?/ },
    { words: 'app show ..', code: EXIT.usage, says: /cannot be used as id/ },
    { words: 'node show n2', code: EXIT.error, says: /There is no node 'n2'\. Did you mean n1\?/ },
    { words: 'task kill shop_web.aaaaaaab', code: EXIT.error, says: /Did you mean shop_web\.aaaaaaaa\?/ },
    { words: 'app add none.yaml', code: EXIT.usage, says: /Cannot read none\.yaml/ },
    {
      words: 'app add bad.json',
      code: EXIT.usage,
      says: /bad\.json is not valid JSON/,
      options: { files: { 'bad.json': '{"id":' } },
    },
    {
      words: 'app add bad.yaml',
      code: EXIT.usage,
      says: /bad\.yaml is not valid YAML/,
      options: { files: { 'bad.yaml': 'id: "x' } },
    },
    {
      words: 'app add list.yaml',
      code: EXIT.usage,
      says: /must contain one app/,
      options: { files: { 'list.yaml': '- id: a' } },
    },
    { words: 'app update /demo instnces=2', code: EXIT.usage, says: /no member 'instnces'.*Did you mean instances/ },
    { words: 'completion powershell', code: EXIT.usage, says: /only for bash, zsh, fish/ },
    {
      words: 'app list --url no:where:at:all',
      code: EXIT.usage,
      says: /'no:where:at:all' \(--url\) is not an address/,
    },
    { words: 'up', code: EXIT.error, says: /cannot start a platform/ },
  ];
  for (const { words, code, says, options } of cases) {
    it(`ends '${words}' with ${String(code)} and says why`, async () => {
      const result = await run(platformWithShop(), words.split(' '), options);
      expect(result.stdout + result.stderr).toMatch(says);
      expect(result.code).toBe(code);
    });
  }

  it('says where it looked and what to do when nobody answers', async () => {
    const platform = new FakePlatform();
    platform.isDown = true;
    const result = await run(platform, ['app', 'list']);
    expect(result.code).toBe(EXIT.error);
    expect(result.stderr).toContain(
      'No orchestrator answers at http://127.0.0.1:8080. Start the platform with: stadion up',
    );
  });

  it('lists what is wrong with a definition, field by field', async () => {
    const platform = new FakePlatform();
    platform.handlers.set('createApp', () => ({
      status: 422,
      body: {
        message: 'Object is not valid',
        details: [{ path: '/cpus', errors: ['error.min', 'too small', 'no number'] }],
      },
    }));
    const result = await run(platform, ['app', 'add', '-'], { input: 'id: /x' });
    expect(result.code).toBe(EXIT.error);
    expect(result.stderr).toContain('error: Object is not valid\n  /cpus: too small\n  /cpus: no number\n');
  });

  it('ends with 4 when it is not allowed', async () => {
    const platform = new FakePlatform();
    platform.handlers.set('listApps', () => ({ status: 403, body: { message: 'Not authorized' } }));
    const result = await run(platform, ['app', 'list']);
    expect(result.code).toBe(EXIT.denied);
    expect(result.stderr).toContain('Not authorized');
  });

  it('names the deployment that holds an app, and the ways out', async () => {
    const platform = platformWithShop();
    platform.handlers.set('patchApp', () => ({
      status: 409,
      body: { message: 'App is locked', deployments: [{ id: 'd-1' }] },
    }));
    const result = await run(platform, ['app', 'scale', '/demo', '2']);
    expect(result.code).toBe(EXIT.error);
    expect(result.stderr).toContain('locked by deployment d-1');
    expect(result.stderr).toContain('stadion deploy watch d-1');
    expect(result.stderr).toContain('--force');
  });

  it('sends one who adds an app that exists to update', async () => {
    const platform = new FakePlatform();
    platform.handlers.set('createApp', () => ({
      status: 409,
      body: { message: 'An app with id [/x] already exists.' },
    }));
    const result = await run(platform, ['app', 'add', '-'], { input: '{"id":"/x"}' });
    expect(result.stderr).toContain('already exists. Change it with: stadion app update /x FILE');
  });
});

describe('the form of answers', () => {
  it("is the API's own with -o json and -o yaml, wherever the option stands", async () => {
    const platform = platformWithShop();
    const json = await run(platform, ['app', 'list', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toEqual(platform.apps);
    const yaml = await run(platform, ['-o', 'yaml', 'app', 'show', '/demo']);
    expect(parse(yaml.stdout)).toEqual(platform.apps[1]);
  });

  it('is a table for people, and bare ids with --quiet', async () => {
    const platform = platformWithShop();
    const table = await run(platform, ['app', 'list']);
    expect(table.stdout.split('\n')[0]).toMatch(/^APP +READY +STATE/);
    expect(table.stdout).toMatch(/\/shop\/web +2\/2 +running/);
    expect(table.stdout).toMatch(/\/demo +0\/1 +degraded/);
    expect((await run(platform, ['app', 'list', '-q'])).stdout).toBe('/shop/web\n/demo\n');
  });

  it('has colours on a terminal only, and none with NO_COLOR', async () => {
    const platform = platformWithShop();
    expect((await run(platform, ['app', 'list'], { terminal: true })).stdout).toContain('\u001b[');
    expect((await run(platform, ['app', 'list'])).stdout).not.toContain('\u001b');
    const bare = await run(platform, ['app', 'list'], { terminal: true, environment: { NO_COLOR: '1' } });
    expect(bare.stdout).not.toContain('\u001b');
  });

  it('cannot be used to control the terminal', async () => {
    const platform = new FakePlatform();
    const hostile = 'x\u001b]0;owned\u0007\u009b2J\u202ey\nz';
    platform.apps = [sampleApp({ id: '/a', labels: { [hostile]: hostile }, cmd: hostile })];
    for (const format of ['table', 'json', 'yaml']) {
      const { stdout, stderr } = await run(platform, ['app', 'show', '/a', '-o', format], {
        environment: { NO_COLOR: '1' },
        terminal: true,
      });
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(stdout).toContain('owned');
    }
    const json = await run(platform, ['app', 'show', '/a', '-o', 'json']);
    expect(JSON.parse(json.stdout).cmd).toBe(hostile);
    const yaml = await run(platform, ['app', 'show', '/a', '-o', 'yaml']);
    expect(parse(yaml.stdout).labels[hostile]).toBe(hostile);
  });
});

describe('looking at things', () => {
  it('answers why in one sentence, from the queue', async () => {
    const platform = platformWithShop();
    const app = sampleApp({ id: '/demo' });
    platform.queue = [
      sampleQueueItem(app, {
        why: {
          summary: '1 instance waits: no agent has Docker (1 agent examined)',
          agents: 1,
          reasons: [{ reason: 'docker-missing', agents: 1, examples: ['n1'], message: 'no agent has Docker' }],
        },
      }),
    ];
    const result = await run(platform, ['app', 'why', 'demo']);
    expect(result.stdout).toBe(
      '/demo is waiting: no agent has Docker\n  1 waiting for 0s\n  1 agent examined (e.g. n1)\n',
    );
    expect(JSON.parse((await run(platform, ['app', 'why', 'demo', '-o', 'json'])).stdout).summary).toBe(
      'no agent has Docker',
    );
    const status = await run(platform, ['status']);
    expect(status.code).toBe(EXIT.error);
    expect(status.stdout).toContain('/demo is waiting: no agent has Docker');
  });

  it('names the node where least is wanting', async () => {
    const platform = platformWithShop();
    const nearest = { agentId: 'a-1', hostname: 'web-1', lacks: { cpus: 0.5, mem: 100 } };
    const why = { summary: '1 instance waits: not enough cpus (2 agents examined)', agents: 2, reasons: [], nearest };
    platform.queue = [sampleQueueItem(sampleApp({ id: '/demo' }), { why })];
    const { stdout } = await run(platform, ['app', 'why', 'demo']);
    expect(stdout).toContain('\n  least is wanting on web-1: 0.5 cpus, 100 MiB mem\n');
  });

  it('says that all is well when it is', async () => {
    const platform = platformWithShop();
    platform.apps.pop();
    const result = await run(platform, ['status']);
    expect(result.stdout).toContain('all is well');
    expect(result.stdout).toMatch(/Cpus +1 of 4 used \(25 %\)/);
    expect(result.code).toBe(EXIT.ok);
    platform.handlers.set('clusterMetrics', () => ({ body: { 'master/slave_removals_held': 3 } }));
    const held = await run(platform, ['status']);
    expect(held.stdout).toContain('3 silent, too many at once to be given up');
    expect(held.code).toBe(EXIT.error);
  });

  it('tells of machines that are out of contact, and all is not well', async () => {
    const platform = platformWithShop();
    platform.apps.pop();
    platform.unreachableSlaves = [{ id: 'M-S7', hostname: 'web-7' }];
    const lost = await run(platform, ['status']);
    expect(lost.stdout).toMatch(/Agents +1 of 2 active; out of contact: web-7/);
    expect(lost.code).toBe(EXIT.error);
    expect((await run(platform, ['node', 'list'])).stdout).toMatch(/web-7 +M-S7 +out of contact/);
    platform.unreachableSlaves = [];
    platform.recoveredSlaves = [{ id: 'M-S8', hostname: 'web-8' }];
    const awaited = await run(platform, ['status']);
    expect(awaited.stdout).toMatch(/Agents +1 of 2 active; 1 not back yet since another server leads/);
    expect(awaited.code).toBe(EXIT.error);
  });

  it('names machines that take no work, and why', async () => {
    const platform = platformWithShop();
    platform.apps.pop();
    platform.slaves.push(
      sampleSlave({ id: 'M-S1', hostname: 'n2', deactivated: true }),
      sampleSlave({ id: 'M-S2', hostname: 'n3', deactivated: true, drain_info: { state: 'DRAINING' } }),
      sampleSlave({ id: 'M-S3', hostname: 'n4', active: false }),
    );
    const aside = await run(platform, ['status']);
    expect(aside.stdout).toMatch(/Agents +1 of 4 active; cordoned: n2; draining: n3; inactive: n4/);
    expect(aside.code).toBe(EXIT.error);
  });

  it('has a machine that is out of contact count as gone, and does not try to drain it', async () => {
    const platform = platformWithShop();
    platform.unreachableSlaves = [{ id: 'M-S7', hostname: 'web-7' }];
    const drained = await run(platform, ['node', 'drain', 'web-7']);
    expect(drained.code).toBe(EXIT.error);
    expect(drained.stderr).toContain('stadion node decommission web-7');
    expect(platform.orders).toEqual([]);
    const gone = await run(platform, ['node', 'decommission', 'web-7']);
    expect(gone.code).toBe(EXIT.ok);
    expect(platform.orders).toEqual([{ type: 'MARK_AGENT_GONE', mark_agent_gone: { agent_id: { value: 'M-S7' } } }]);
  });

  it('reaches a master that speaks TLS as it reaches the platform at the same host', async () => {
    const platform = platformWithShop();
    const told = { mesos_leader_ui_url: 'https://127.0.0.1:5050/' };
    platform.handlers.set('info', () => ({ body: { name: 'marathon', version: '1.11.0', marathon_config: told } }));
    expect((await run(platform, ['node', 'list'])).stdout).toMatch(/n1 +M-S0 +active/);
  });

  it('finds the master through the orchestrator, and shows nodes by name, id or the end of it', async () => {
    const platform = platformWithShop();
    expect((await run(platform, ['node', 'list'])).stdout).toMatch(/n1 +M-S0 +active +1\/4/);
    for (const name of ['n1', 'M-S0', 's0']) {
      const result = await run(platform, ['node', 'show', name]);
      expect(result.code).toBe(EXIT.ok);
      expect(result.stdout).toContain(sampleTaskId('shop_web', 'aaaaaaaa'));
    }
  });

  it('lists tasks, versions and deployments', async () => {
    const platform = platformWithShop();
    platform.versions = [VERSION, '2025-12-31T00:00:00.000Z'];
    platform.deployments = [sampleDeployment('d-1', '/demo')];
    expect((await run(platform, ['task', 'list', '-q'])).stdout.split('\n')).toHaveLength(3);
    expect((await run(platform, ['app', 'versions', '/demo'])).stdout).toMatch(/2025-12-31T00:00:00\.000Z +1d/);
    expect((await run(platform, ['deploy', 'list'])).stdout).toMatch(/d-1 +1\/2 +\/demo +StartApplication/);
  });

  it('kills tasks by their short names, and with --scale waits for the deployment', async () => {
    const platform = platformWithShop();
    const [first, second] = platform.apps[0]?.tasks ?? [];
    platform.handlers.set('deleteTasks', ({ query }) =>
      query.get('scale') === 'true'
        ? { body: { version: VERSION, deploymentId: 'd-9' } }
        : { body: { tasks: [first] } },
    );
    await run(platform, ['task', 'kill', 'shop_web.aaaaaaaa', 'bbbb']);
    expect(platform.requests.at(-1)?.body).toEqual({ ids: [first?.id, second?.id] });
    const scaled = await run(platform, ['task', 'kill', 'shop_web.aaaaaaaa', '--scale', '--detach']);
    expect(scaled.stdout).toContain('Deployment d-9 has started');
  });

  it('checks the machine and the platform, and fails when no agent is there', async () => {
    const platform = platformWithShop();
    const good = await run(platform, ['doctor']);
    expect(good.code).toBe(EXIT.ok);
    expect(good.stdout).toMatch(/ok +Node\.js/);
    expect(good.stdout).toMatch(/warn +containerizer docker: no agent has it/);
    platform.slaves = [];
    const bad = await run(platform, ['doctor'], { machine: { nodeVersion: 'v18.0.0' } });
    expect(bad.code).toBe(EXIT.error);
    expect(bad.stdout).toMatch(/fail +Node\.js: v18\.0\.0 is too old\. Install 20\.19 or newer/);
    expect(bad.stdout).toMatch(/fail +agents: none has registered/);
  });
});

describe('clocks', () => {
  it('doctor names the agent whose clock is wrong, ahead or behind', async () => {
    const platform = new FakePlatform();
    platform.slaves = [sampleSlave()];
    const time = new VirtualTime();
    const told = async (aheadMs: number): Promise<string> => {
      platform.agentTime = new Date(time.now() + aheadMs).toUTCString();
      return (await run(platform, ['doctor'], { time })).stdout;
    };
    expect(await told(0)).toMatch(/ok +clock: that of 1 agent agrees with this machine's/);
    expect(await told(3_600_000)).toMatch(/warn +clock: n1 is 1h ahead of this machine\. Set the clocks right/);
    expect(await told(-120_000)).toMatch(/warn +clock: n1 is 2m behind this machine/);
  });
});

describe('completion', () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [[''], 'app'],
    [['app', 'r'], 'remove\nrestart\nrollback\n'],
    [['app', 'show', '/d'], '/demo\n'],
    [['app', 'scale', '--f'], '--force\n'],
    [['-o', 'json', 'node', 'show', ''], 'n1\n'],
    [['logs', 'shop'], 'shop_web.aaaaaaaa\nshop_web.bbbbbbbb\n'],
    [['app', 'scale', '/demo', ''], ''],
  ];
  for (const [words, expected] of cases) {
    it(`offers for '${words.join(' ')}' what can come next`, async () => {
      const { stdout, stderr, code } = await run(platformWithShop(), ['__complete', '--', ...words]);
      expect([code, stderr]).toEqual([EXIT.ok, '']);
      if (words.length === 1) expect(stdout.split('\n')).toContain(expected);
      else expect(stdout).toBe(expected);
    });
  }

  it('offers nothing, and says nothing, when the platform does not answer', async () => {
    const platform = new FakePlatform();
    platform.isDown = true;
    const { stdout, stderr, code } = await run(platform, ['__complete', '--', 'app', 'show', '']);
    expect([stdout, stderr, code]).toEqual(['', '', EXIT.ok]);
  });
});

describe('certificates', () => {
  it('doctor tells of certificates that end soon or have ended, and of none where no port speaks TLS', async () => {
    const day = 86_400_000;
    const platform = new FakePlatform();
    platform.slaves = [sampleSlave()];
    const doctor = async (end: (nowMs: number) => number | undefined) => {
      const time = new VirtualTime();
      return run(platform, ['doctor'], { time, machine: { certificateEnd: async () => end(time.now()) } });
    };
    expect((await doctor(() => undefined)).stdout).not.toContain('certificates');
    expect((await doctor((now) => now + 20 * day)).stdout).toMatch(
      /ok {2} {2}certificates: \d ports with TLS, good for 20 days/,
    );
    expect((await doctor((now) => now + 3 * day)).stdout).toMatch(/warn {2}certificates: that of .* ends in 3 days/);
    const ended = await doctor((now) => now - day);
    expect(ended.stdout).toMatch(/fail {2}certificates: that of .* has ended 1 day ago/);
    expect(ended.code).toBe(1);
  });
});
