import { beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../exit-codes.ts';
import { FakePlatform } from '../testing/fake-platform.ts';
import { run, start, until } from '../testing/run.ts';
import {
  sampleApp,
  sampleDeployment,
  sampleQueueItem,
  sampleSlave,
  sampleTask,
  sampleTaskId,
  VERSION,
} from '../testing/samples.ts';

const RESULT = { version: VERSION, deploymentId: 'd-1' };
const PLAN = { id: 'd-1', version: VERSION, steps: [] };

let platform: FakePlatform;

beforeEach(() => {
  platform = new FakePlatform();
  platform.apps = [sampleApp({ id: '/shop', instances: 2 })];
  platform.slaves = [sampleSlave()];
  platform.handlers.set('patchApp', () => {
    platform.deployments = [sampleDeployment('d-1', '/shop')];
    return { body: RESULT };
  });
});

function showInstances(count: number, given: Parameters<typeof sampleTask>[2] = {}): void {
  const tasks = ['aaaaaaaa', 'bbbbbbbb'].slice(0, count).map((start) => sampleTask('/shop', start, given));
  platform.apps = [sampleApp({ id: '/shop', instances: 2, tasks, tasksRunning: count })];
}

function succeed(): void {
  showInstances(2);
  platform.deployments = [];
  platform.emit({ eventType: 'deployment_success', timestamp: VERSION, id: 'd-1', plan: PLAN });
}

describe('a change', () => {
  it('is followed step by step to its success, on lines that each say something new', async () => {
    const command = start(platform, ['app', 'scale', 'shop', '2']);
    await until(command, () => command.stderr.includes('0/2 ready'));
    showInstances(1);
    await until(command, () => command.stderr.includes('1/2 ready'));
    expect(command.code).toBeUndefined();
    succeed();
    await until(command, () => command.code !== undefined);
    expect(command.code).toBe(EXIT.ok);
    expect(command.stdout).toMatch(/^done: \/shop 2\/2 ready/);
    expect(command.stderr.split('\n').filter((line) => line.includes('0/2 ready'))).toHaveLength(1);
    expect(platform.requests.find(({ route }) => route === 'patchApp')?.body).toEqual({ instances: 2 });
  });

  it('draws a bar on a terminal and takes it away in the end', async () => {
    const command = start(platform, ['app', 'scale', 'shop', '2'], { terminal: true, environment: { NO_COLOR: '1' } });
    showInstances(1);
    await until(command, () => command.stderr.includes('[##########..........]'));
    succeed();
    await until(command, () => command.code !== undefined);
    expect(command.stderr.endsWith('\u001b[2A\u001b[0J')).toBe(true);
  });

  it('ends well when it is over before anybody looked', async () => {
    platform.handlers.set('patchApp', () => {
      succeed();
      return { body: RESULT };
    });
    const result = await run(platform, ['app', 'scale', 'shop', '2', '-o', 'json']);
    expect(result.code).toBe(EXIT.ok);
    expect(JSON.parse(result.stdout)).toMatchObject({ deploymentId: 'd-1', outcome: 'success' });
  });

  it('is found to have succeeded by looking, when the event stream is broken', async () => {
    platform.handlers.delete('events');
    const command = start(platform, ['app', 'scale', 'shop', '2']);
    await until(command, () => command.stderr.includes('0/2 ready'));
    platform.closeStreams();
    showInstances(2);
    platform.deployments = [];
    await until(command, () => command.code !== undefined);
    expect(command.code).toBe(EXIT.ok);
  });

  it('says why instances wait', async () => {
    platform.queue = [
      sampleQueueItem(platform.apps[0]!, { why: { summary: 'no agent has Docker', agents: 1, reasons: [] } }),
    ];
    const command = start(platform, ['app', 'scale', 'shop', '2']);
    await until(command, () => command.stderr.includes('waiting: no agent has Docker'));
    command.interrupt();
    await until(command, () => command.code !== undefined);
    expect(command.code).toBe(EXIT.interrupted);
    expect(command.stderr).toContain('Deployment d-1 goes on. Watch it with: stadion deploy watch d-1');
  });

  it('ends with 3 after the timeout, having shown the last failure and the end of its stderr', async () => {
    const taskId = sampleTaskId('shop', 'cccccccc');
    platform.write(taskId, 'stderr', 'starting\nboom: no database\n');
    const command = start(platform, ['app', 'scale', 'shop', '2', '--timeout', '30s']);
    await until(command, () => command.stderr.includes('0/2 ready'));
    platform.apps = [
      sampleApp({
        id: '/shop',
        instances: 2,
        lastTaskFailure: {
          appId: '/shop',
          host: 'n1',
          message: 'exited with 1',
          state: 'TASK_FAILED',
          taskId,
          timestamp: '2026-01-01T00:00:05.000Z',
          version: VERSION,
          slaveId: 'M-S0',
        },
      }),
    ];
    await until(command, () => command.code !== undefined);
    expect(command.code).toBe(EXIT.timeout);
    expect(command.time.monotonic()).toBeGreaterThanOrEqual(30_000);
    expect(command.stderr).toContain(`${taskId} on n1: TASK_FAILED exited with 1`);
    expect(command.stderr).toContain('  boom: no database');
    expect(command.stderr).toContain('error: Not done within 30s.');
  });

  it('says nothing of failures from before', async () => {
    const command = start(platform, ['app', 'scale', 'shop', '2', '--timeout', '5s']);
    platform.apps = [
      sampleApp({
        id: '/shop',
        lastTaskFailure: {
          appId: '/shop',
          host: 'n1',
          message: 'old',
          state: 'TASK_FAILED',
          taskId: 'old',
          timestamp: '2025-12-31T00:00:00.000Z',
          version: VERSION,
        },
      }),
    ];
    await until(command, () => command.code !== undefined);
    expect(command.stderr).not.toContain('TASK_FAILED');
  });

  it('ends with 1 when the deployment is cancelled', async () => {
    const command = start(platform, ['app', 'scale', 'shop', '2']);
    await until(command, () => command.stderr.includes('0/2 ready'));
    platform.deployments = [];
    platform.emit({ eventType: 'deployment_failed', timestamp: VERSION, id: 'd-1', plan: PLAN });
    await until(command, () => command.code !== undefined);
    expect(command.code).toBe(EXIT.error);
    expect(command.stdout).toContain('failed: deployment d-1: it was cancelled');
  });

  it('survives a restart of the platform while it waits', async () => {
    const command = start(platform, ['app', 'scale', 'shop', '2']);
    await until(command, () => command.stderr.includes('0/2 ready'));
    platform.isDown = true;
    platform.closeStreams();
    await command.time.advance(5000);
    expect(command.code).toBeUndefined();
    platform.isDown = false;
    showInstances(2);
    platform.deployments = [];
    await until(command, () => command.code !== undefined);
    expect(command.code).toBe(EXIT.ok);
  });

  it('is not waited for with --detach', async () => {
    const result = await run(platform, ['app', 'scale', 'shop', '2', '--detach', '-q']);
    expect([result.code, result.stdout, result.stderr]).toEqual([EXIT.ok, 'd-1\n', '']);
  });

  it('is forced only when that is said, also where the API would force by itself', async () => {
    platform.handlers.set('deleteApp', () => ({ body: RESULT }));
    await run(platform, ['app', 'remove', 'shop', '--detach']);
    expect(platform.requests.at(-1)?.query.get('force')).toBe('false');
    await run(platform, ['app', 'remove', 'shop', '--detach', '--force']);
    expect(platform.requests.at(-1)?.query.get('force')).toBe('true');
  });
});

describe('an update', () => {
  it('sends a changed part with everything around it, and takes words as the member wants them', async () => {
    platform.apps = [sampleApp({ id: '/shop', env: { COLOR: 'blue', PORT: '1' }, labels: { team: 'a', tier: 'b' } })];
    await run(platform, [
      ...['app', 'update', 'shop', '--detach', 'env.COLOR=80', 'labels.team-', 'instances=3', 'cmd=./run --x=1'],
      ...['constraints=[["hostname","UNIQUE"]]', 'upgradeStrategy.minimumHealthCapacity=0.5'],
    ]);
    expect(platform.requests.at(-1)?.body).toEqual({
      env: { COLOR: '80', PORT: '1' },
      labels: { tier: 'b' },
      instances: 3,
      cmd: './run --x=1',
      constraints: [['hostname', 'UNIQUE']],
      upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 1 },
    });
  });

  it('takes what "app show -o json" printed, without what is not part of the definition', async () => {
    const shown = await run(platform, ['app', 'show', 'shop', '-o', 'json']);
    await run(platform, ['app', 'update', 'shop', 'shop.json', '--detach'], { files: { 'shop.json': shown.stdout } });
    const body = platform.requests.at(-1)?.body;
    expect(body).toMatchObject({ id: '/shop', cmd: './run', instances: 2 });
    for (const member of ['version', 'versionInfo', 'tasks', 'tasksRunning', 'deployments']) {
      expect(body).not.toHaveProperty(member);
    }
  });

  it('rolls back to the version before', async () => {
    platform.versions = [VERSION, '2025-12-31T00:00:00.000Z', '2025-12-30T00:00:00.000Z'];
    await run(platform, ['app', 'rollback', 'shop', '--detach']);
    expect(platform.requests.at(-1)?.body).toEqual({ version: '2025-12-31T00:00:00.000Z' });
    const unknown = await run(platform, ['app', 'rollback', 'shop', '2025-12-30T00:00:00.001Z']);
    expect(unknown.stderr).toContain('Did you mean 2025-12-30T00:00:00.000Z');
  });

  it('adds an app from YAML and follows the deployment that the answer names', async () => {
    platform.handlers.set('createApp', ({ body }) => {
      const app = sampleApp({ id: '/new', deployments: [{ id: 'd-1' }] });
      platform.apps.push(app);
      expect(body).toEqual({ id: '/new', cmd: 'sleep 1' });
      return { status: 201, body: app };
    });
    const result = await run(platform, ['app', 'add', '-', '--detach'], { input: 'id: /new\ncmd: sleep 1\n' });
    expect(result.stdout).toContain('Deployment d-1 has started');
  });
});

describe('deploy', () => {
  it('watches by id, by its beginning, and by app', async () => {
    for (const name of ['d-1', 'shop', '/shop']) {
      platform.deployments = [sampleDeployment('d-1', '/shop')];
      const command = start(platform, ['deploy', 'watch', name]);
      await until(command, () => command.stderr.includes('Deployment d-1'));
      succeed();
      await until(command, () => command.code !== undefined);
      expect(command.code).toBe(EXIT.ok);
    }
  });

  it('says how an app is when nothing is being deployed, with an exit code to match', async () => {
    expect((await run(platform, ['deploy', 'watch', 'shop'])).code).toBe(EXIT.error);
    showInstances(2);
    const well = await run(platform, ['deploy', 'watch', 'shop']);
    expect([well.code, well.stdout]).toEqual([EXIT.ok, 'Nothing is being deployed: /shop is running.\n']);
    const unknown = await run(platform, ['deploy', 'watch', 'd-7']);
    expect(unknown.code).toBe(EXIT.error);
    expect(unknown.stderr).toContain("No deployment 'd-7' is under way");
  });

  it('cancels with a rollback that it follows, or with --force without', async () => {
    platform.deployments = [sampleDeployment('d-1', '/shop')];
    platform.handlers.set('cancelDeployment', ({ query }) =>
      query.get('force') === 'true' ? { status: 202, body: null } : { body: { version: VERSION, deploymentId: 'd-2' } },
    );
    const forced = await run(platform, ['deploy', 'cancel', 'd-1', '--force']);
    expect(forced.stdout).toBe('Stopped deployment d-1.\n');
    const detached = await run(platform, ['deploy', 'cancel', 'd-1', '--detach', '-o', 'json']);
    expect(JSON.parse(detached.stdout)).toMatchObject({ deploymentId: 'd-2', outcome: 'started' });
  });
});
