/** Every protocol of health checks, on tasks that turn well and unwell when they are told to. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shellApp } from './support/apps.ts';
import { EventRecorder } from './support/event-recorder.ts';
import { RunningPlatform, run, waitFor } from './support/running-platform.ts';

const FAST = { gracePeriodSeconds: 0, intervalSeconds: 1, timeoutSeconds: 1, maxConsecutiveFailures: 0 };

/** Listens on $PORT0 while there is a file `well` in its sandbox, by the protocol of its argument. */
const SWITCHED_SERVER = `
import { existsSync, readFileSync, watch } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp } from 'node:net';
const [kind, keys] = process.argv.slice(2);
const answer = (request, response) => {
  response.writeHead(request.url === '/ok' ? 204 : 500).end();
};
const make = {
  http: () => createHttp(answer),
  https: () => createHttps({ key: readFileSync(keys + '/key.pem'), cert: readFileSync(keys + '/cert.pem') }, answer),
  tcp: () => createTcp((socket) => socket.end()),
}[kind];
let server;
function follow() {
  if (existsSync('well') === (server !== undefined)) return;
  if (server === undefined) server = make().listen(Number(process.env.PORT0), process.env.HOST);
  else {
    server.close();
    server.closeAllConnections?.();
    server = undefined;
  }
}
watch('.', follow);
follow();
`;

describe('a health check', { timeout: 30_000 }, () => {
  let platform: RunningPlatform;
  let events: EventRecorder;
  let folder: string;
  let hasOpenssl: boolean;
  beforeAll(async () => {
    platform = await RunningPlatform.start();
    events = await EventRecorder.open(platform.addresses.orchestrator);
    folder = join(platform.folder, 'server');
    await mkdir(folder);
    await writeFile(join(folder, 'server.mjs'), SWITCHED_SERVER);
    hasOpenssl = await makeCertificate(folder);
  });
  afterAll(async () => {
    events.close();
    await platform.dispose();
  });

  /** Deploys one instance, which is not well, and gives its id and sandbox. */
  async function deploy(id: string, cmd: string, check: object): Promise<{ taskId: string; well: string }> {
    const ports = [{ port: 0, protocol: 'tcp', name: 'main' }];
    const app = shellApp(id, cmd, { portDefinitions: ports, healthChecks: [{ ...FAST, ...check }] });
    expect((await platform.call('POST', '/v2/apps', app)).status).toBe(201);
    const task = await waitFor('the task runs', async () =>
      (await platform.tasks(id)).find((candidate) => candidate.state === 'TASK_RUNNING'),
    );
    return { taskId: task.id, well: join(await platform.sandboxOf(task.id), 'well') };
  }

  /** The task turns well, unwell and well again, and everybody hears of it. */
  async function proveTransitions(id: string, cmd: string, check: object, cause: RegExp): Promise<void> {
    const { taskId, well } = await deploy(id, cmd, check);
    const count = (name: 'tasksHealthy' | 'tasksUnhealthy') => async () =>
      (await platform.call('GET', `/v2/apps${id}`)).body.app[name] === 1;
    await waitFor('it is unhealthy', count('tasksUnhealthy'));
    expect((await platform.call('GET', '/v2/deployments')).body).toHaveLength(1);
    await writeFile(well, '');
    await waitFor('it is healthy', count('tasksHealthy'));
    await platform.settled();
    await rm(well);
    await waitFor('it is unhealthy again', count('tasksUnhealthy'));
    const [task] = await platform.tasks(id);
    expect(task?.id).toBe(taskId);
    expect(task?.healthCheckResults).toMatchObject([
      { alive: false, lastFailureCause: expect.stringMatching(cause), firstSuccess: expect.any(String) },
    ]);
    await waitFor('the stream has told it', () => {
      const told = events.named('health_status_changed_event').filter((event) => event.appId === id);
      return told
        .map((event) => event.alive)
        .join()
        .endsWith('true,false');
    });
    await platform.change('DELETE', `/v2/apps${id}`);
  }

  const server = (kind: string) => `exec "${process.execPath}" "${join(folder, 'server.mjs')}" ${kind} "${folder}"`;

  it('by HTTP follows the task', () =>
    proveTransitions('/http', server('http'), { protocol: 'HTTP', path: '/ok', portIndex: 0 }, /refused/i));

  it('by HTTPS trusts any certificate', async (context) => {
    if (!hasOpenssl) context.skip('openssl is not installed, so there is no certificate to try');
    await proveTransitions('/https', server('https'), { protocol: 'HTTPS', path: '/ok', portIndex: 0 }, /refused/i);
  });

  it('by TCP follows the task', () =>
    proveTransitions('/tcp', server('tcp'), { protocol: 'TCP', portIndex: 0 }, /refused/i));

  it('by COMMAND runs in the sandbox', () =>
    proveTransitions(
      '/command',
      'exec sleep 1000',
      { protocol: 'COMMAND', command: { value: 'test -e well' }, delaySeconds: 0, maxConsecutiveFailures: 1000 },
      /status 1|exit/i,
    ));

  it('that fails with its answer says which answer it was', async () => {
    const { well } = await deploy('/wrong', server('http'), { protocol: 'HTTP', path: '/wrong', portIndex: 0 });
    await writeFile(well, '');
    const cause = await waitFor('the answer is 500', async () => {
      const [task] = (await platform.call('GET', '/v2/apps/wrong')).body.app.tasks;
      return /500/.exec(task?.healthCheckResults[0]?.lastFailureCause ?? '')?.input;
    });
    expect(cause).toContain('500');
  });

  it('that is only told about shows its last result, in apps and in pods, and nothing else comes of it', async () => {
    const check = {
      exec: { command: { shell: `test -e "${join(folder, 'told')}"` } },
      intervalSeconds: 2,
      timeoutSeconds: 1,
      delaySeconds: 0,
    };
    expect((await platform.call('POST', '/v2/apps', shellApp('/told', 'exec sleep 1000', { check }))).status).toBe(201);
    const resources = { cpus: 0.1, mem: 32 };
    const container = { name: 'one', exec: { command: { shell: 'exec sleep 1000' } }, resources, check };
    expect((await platform.call('POST', '/v2/pods', { id: '/pod', containers: [container] })).status).toBe(201);
    const results = async (): Promise<unknown[]> => {
      const [task] = (await platform.call('GET', '/v2/apps/told/tasks')).body.tasks;
      const [instance] = (await platform.call('GET', '/v2/pods/pod::status')).body.instances;
      return [task?.checkResult, instance?.containers[0].checkResult].map((result) => result?.command?.exitCode);
    };
    await waitFor('both have failed', async () => (await results()).every((code) => code === 1));
    await writeFile(join(folder, 'told'), '');
    await waitFor('both have passed', async () => (await results()).every((code) => code === 0));
    const [task] = (await platform.call('GET', '/v2/apps/told/tasks')).body.tasks;
    expect(task).toMatchObject({ state: 'TASK_RUNNING', healthCheckResults: [] });
    await platform.call('DELETE', '/v2/apps/told');
    await platform.call('DELETE', '/v2/pods/pod');
  });

  it('that fails too often ends the task, and another one starts', async () => {
    const check = { protocol: 'TCP', portIndex: 0, maxConsecutiveFailures: 1 };
    const { taskId } = await deploy('/killed', 'exec sleep 1000', check);
    const kill = await events.until('it is killed for its health', ({ name, data }) => {
      return name === 'unhealthy_instance_kill_event' && data.appId === '/killed';
    });
    expect(kill.data).toMatchObject({ taskId, instanceId: taskId.replace(/\._app\.\d+$/, ''), host: '127.0.0.1' });
    await waitFor('another task runs', async () =>
      (await platform.tasks('/killed')).some(({ id, state }) => id !== taskId && state === 'TASK_RUNNING'),
    );
    const { lastTaskFailure } = (await platform.call('GET', '/v2/apps/killed')).body.app;
    expect(lastTaskFailure).toMatchObject({
      taskId,
      state: 'TASK_KILLED',
      message: expect.stringMatching(/^Task was killed since health check failed\. Reason: /),
    });
  });
});

async function makeCertificate(folder: string): Promise<boolean> {
  const subject = ['-subj', '/CN=somebody-else', '-days', '1', '-nodes'];
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
  try {
    return (await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...subject, ...files])).code === 0;
  } catch {
    return false;
  }
}
