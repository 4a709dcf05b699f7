/** Docker containers as apps: the blueprint's own descriptor, what a task finds inside, and what becomes of it. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DockerDaemon } from '@stadion/agent/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesWith } from './support/cluster-sessions.ts';
import { BUSYBOX, dockerApp, hasDocker, startDockerPlatform } from './support/docker-platform.ts';
import { EventRecorder } from './support/event-recorder.ts';
import { heldPull } from './support/held-pull.ts';
import { callJson, HOST_PORT_LAST, REPOSITORY, waitFor, type RunningPlatform } from './support/running-platform.ts';

describe.skipIf(!hasDocker)('with Docker', () => {
  let platform: RunningPlatform;
  let daemon: DockerDaemon;
  let dispose: () => Promise<void>;
  let events: EventRecorder;
  beforeAll(async () => {
    ({ platform, daemon, dispose } = await startDockerPlatform());
    events = await EventRecorder.open(platform.addresses.orchestrator);
  }, 90_000);
  afterAll(async () => {
    events.close();
    await dispose();
  }, 90_000);

  /** The one running task of an app, and the folder it runs in. */
  async function only(appId: string) {
    const [task] = await platform.tasks(appId);
    if (task === undefined) throw new Error(`${appId} has no task`);
    return { task, sandbox: await platform.sandboxOf(task.id) };
  }

  it('the blueprint’s descriptor runs end to end', async () => {
    const script = join(REPOSITORY, 'examples', 'demo-service', 'image.js');
    await promisify(execFile)(process.execPath, [script], { env: { ...process.env, DOCKER_HOST: daemon.host } });
    const text = await readFile(join(REPOSITORY, 'examples', 'demo-docker-app.json'), 'utf8');
    const app = JSON.parse(text);
    app.healthChecks[0].intervalSeconds = 1;
    await platform.change('POST', '/v2/apps', app, 60_000);
    const { task, sandbox } = await only('/demo');
    expect(task.ports).toHaveLength(2);
    expect(task.healthCheckResults).toMatchObject([{ alive: true }]);
    const hello = await callJson(`http://127.0.0.1:${task.ports[0]}/hello`);
    expect(hello.body).toMatchObject({ instance: task.id });
    expect(await readFile(join(sandbox, 'stdout'), 'utf8')).toContain('/healthcheck 200');
    const { body } = await platform.call('GET', '/v2/apps/demo/tasks');
    expect(body.tasks[0].ipAddresses[0].ipAddress).toMatch(/^10\.213\./);
    await platform.change('DELETE', '/v2/apps/demo');
    const log = await readFile(join(sandbox, 'stdout'), 'utf8');
    expect(log).toContain('stopping on SIGTERM');
    expect(log).toContain('stopped');
  }, 90_000);

  it('a task finds Marathon’s environment, and that of its image', async () => {
    const app = dockerApp('/env', 'env >/mnt/mesos/sandbox/found; sleep 1000', {
      env: { GREETING: 'a b=c' },
      labels: { 'team.name': 'one' },
      portDefinitions: undefined,
      container: {
        type: 'DOCKER',
        docker: { image: BUSYBOX, parameters: [{ key: 'hostname', value: 'inside' }] },
        portMappings: [
          { containerPort: 8080, hostPort: 0, name: 'web' },
          { containerPort: 0, hostPort: 0 },
        ],
      },
      networks: [{ mode: 'container/bridge' }],
    });
    await platform.change('POST', '/v2/apps', app);
    const { task, sandbox } = await only('/env');
    const text = await waitFor('it has looked', () => readFile(join(sandbox, 'found'), 'utf8').catch(() => undefined));
    const found = Object.fromEntries(
      text
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const [first, second] = task.ports;
    expect(found).toMatchObject({
      HOST: task.host,
      PORT: String(first),
      PORT0: String(first),
      PORT1: String(second),
      PORTS: `${first},${second}`,
      PORT_8080: String(first),
      PORT_WEB: String(first),
      MARATHON_APP_ID: '/env',
      MARATHON_APP_DOCKER_IMAGE: BUSYBOX,
      MARATHON_APP_RESOURCE_MEM: '32.0',
      MARATHON_APP_LABELS: 'TEAM_NAME',
      MARATHON_APP_LABEL_TEAM_NAME: 'one',
      MESOS_TASK_ID: task.id,
      MESOS_SANDBOX: '/mnt/mesos/sandbox',
      GREETING: 'a b=c',
      HOSTNAME: 'inside',
    });
    expect(found['MESOS_CONTAINER_NAME']).toMatch(/^mesos-/);
    // The image's own, not this machine's.
    expect(found['PATH']).not.toContain('node_modules');
    const { body: lines } = await platform.ask('agent', '/containers');
    const { statistics } = lines.find((line: { executor_id: string }) => line.executor_id === task.id);
    const memory = ['total', 'anon', 'file', 'cache', 'mapped_file', 'peak'].map((what) => `mem_${what}_bytes`);
    for (const name of [...memory, 'cpus_nr_periods', 'net_rx_bytes', 'processes']) {
      expect(statistics[name], name).toBeGreaterThanOrEqual(0);
    }
    const inside = await platform.cli('exec', task.id, '--', 'sh', '-c', 'hostname; echo $MARATHON_APP_ID');
    expect(inside).toEqual({ code: 0, stdout: 'inside\n/env\n', stderr: '' });
    await platform.change('DELETE', '/v2/apps/env');
  }, 60_000);

  it('COMMAND checks run inside', async () => {
    const check = { protocol: 'COMMAND', command: { value: 'test -e /healthy' }, intervalSeconds: 1, delaySeconds: 0 };
    const app = dockerApp('/checked', 'touch /healthy; sleep 1000', { healthChecks: [check] });
    await platform.change('POST', '/v2/apps', app);
    expect((await only('/checked')).task.healthCheckResults).toMatchObject([{ alive: true }]);
    await platform.change('DELETE', '/v2/apps/checked');
  }, 60_000);

  it('what cannot start says why by name, and is tried again', async () => {
    const app = dockerApp('/missing', 'true', {
      container: { type: 'DOCKER', docker: { image: 'localhost:1/no/such:image' } },
      backoffSeconds: 1,
    });
    await platform.call('POST', '/v2/apps', app);
    const failed = await waitFor('it failed', async () => {
      const { body } = await platform.call('GET', '/v2/apps/missing?embed=app.lastTaskFailure');
      return body.app.lastTaskFailure;
    });
    expect(failed.state).toBe('TASK_FAILED');
    expect(failed.message).toMatch(/^registry-unreachable: .*localhost:1\/no\/such:image/);
    await events.until('the pull was told', ({ name, data }) => {
      return (
        name === 'status_update_event' && data.appId === '/missing' && data.message.startsWith('Pulling the image')
      );
    });
    await events.until('it was tried again', () => {
      return (
        events
          .named('status_update_event')
          .filter((each) => each.appId === '/missing' && each.taskStatus === 'TASK_FAILED').length > 1
      );
    });
    await platform.change('DELETE', '/v2/apps/missing');
  }, 60_000);

  it('how far the pull of an image is, is told', async () => {
    const told = await heldPull(platform, '/slow', (image) =>
      dockerApp('/slow', 'sleep 1000', { container: { type: 'DOCKER', docker: { image } } }),
    );
    expect(told).toMatch(/^\d+ %, \S+ of \S+ MB$/);
    await platform.change('DELETE', '/v2/apps/slow');
  }, 60_000);

  it('a port that is taken and a volume that is missing are named', async () => {
    const port = HOST_PORT_LAST;
    const holder = createServer().listen(port, '0.0.0.0');
    try {
      await once(holder, 'listening');
      const failures: readonly (readonly [string, object, RegExp])[] = [
        [
          '/taken',
          { docker: { image: BUSYBOX, network: 'BRIDGE', portMappings: [{ containerPort: 80, hostPort: port }] } },
          /^port-taken: /,
        ],
        [
          '/nowhere',
          { docker: { image: BUSYBOX }, volumes: [{ containerPath: '/x', hostPath: '/no/such/path', mode: 'RO' }] },
          /^volume-path-missing: .*\/no\/such\/path/,
        ],
      ];
      for (const [id, container, message] of failures) {
        const app = dockerApp(id, 'sleep 1000', {
          container: { type: 'DOCKER', ...container },
          portDefinitions: undefined,
        });
        const { status, body } = await platform.call('POST', '/v2/apps', app);
        expect(status, JSON.stringify(body)).toBe(201);
        const failed = await waitFor(`${id} failed`, async () => {
          const answer = await platform.call('GET', `/v2/apps${id}?embed=app.lastTaskFailure`);
          return answer.body.app.lastTaskFailure;
        });
        expect(failed.message).toMatch(message);
        await platform.change('DELETE', `/v2/apps${id}?force=true`);
      }
    } finally {
      holder.close();
    }
  }, 60_000);

  it('secrets are in the environment and in a file of memory, and in no answer, event or file of the platform', async () => {
    const value = 'hunter2-in-docker';
    expect((await platform.call('PUT', '/secrets/v1/secret/default/docker/word', { value })).status).toBe(201);
    const app = dockerApp('/secretive', '(printf "%s|" "$WORD"; cat /run/word; echo) | tr a-z A-Z; sleep 1000', {
      env: { WORD: { secret: 'one' } },
      secrets: { one: { source: 'docker/word' } },
      container: {
        type: 'DOCKER',
        docker: { image: BUSYBOX },
        volumes: [{ containerPath: '/run/word', secret: 'one' }],
      },
    });
    await platform.change('POST', '/v2/apps', app);
    const { sandbox } = await only('/secretive');
    const seen = await waitFor('the task has looked', async () => {
      const text = await readFile(join(sandbox, 'stdout'), 'utf8').catch(() => '');
      return text.includes('|') && text;
    });
    // Docker keeps a line until it ends.
    expect(seen).toBe(`${value}|${value}\n`.toUpperCase());
    for (const path of ['/v2/apps/secretive', '/v2/tasks']) {
      expect(JSON.stringify((await platform.call('GET', path)).body)).not.toContain(value);
    }
    expect(JSON.stringify((await platform.ask('agent', '/state')).body)).not.toContain(value);
    expect(JSON.stringify(events.events)).not.toContain(value);
    expect(await filesWith(value, platform.dataDirectory)).toEqual([]);
    await platform.change('DELETE', '/v2/apps/secretive');
  }, 60_000);

  it('out of memory is a reason of its own', async () => {
    await platform.call('POST', '/v2/apps', dockerApp('/hog', 'x=a; while :; do x=$x$x; done'));
    const failed = await waitFor('it was killed', async () => {
      const { body } = await platform.call('GET', '/v2/apps/hog?embed=app.lastTaskFailure');
      return body.app.lastTaskFailure;
    });
    expect(failed.message).toMatch(/^out-of-memory: .* 32 MB/);
    await platform.change('DELETE', '/v2/apps/hog');
  }, 60_000);

  it('tasks outlive the platform, and the daemon too', async () => {
    const ticking = 'i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.05; done';
    await platform.change('POST', '/v2/apps', dockerApp('/stays', ticking));
    const { task, sandbox } = await only('/stays');
    const lines = async () => (await readFile(join(sandbox, 'stdout'), 'utf8')).trimEnd().split('\n');
    await platform.end('SIGKILL');
    await daemon.kill('KILL');
    await daemon.startAgain();
    await platform.startAgain(['--containerizers', 'docker,posix', '--docker-host', daemon.host]);
    const seen = (await lines()).length;
    await waitFor('it goes on', async () => (await lines()).length > seen + 3);
    const [after] = await waitFor('the task is known', async () => {
      const tasks = await platform.tasks('/stays');
      return tasks[0]?.state === 'TASK_RUNNING' && tasks;
    });
    expect(after?.id).toBe(task.id);
    const written = await lines();
    expect(written).toEqual(written.map((_, index) => `tick ${index + 1}`));
    await platform.change('DELETE', '/v2/apps/stays');
  }, 90_000);
});
