import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const EXAMPLES = join(import.meta.dirname, '..', 'examples');
const PROGRAM = join(EXAMPLES, 'demo-service', 'server.js');

let running: Service[];
let servers: Server[];

beforeEach(() => {
  running = [];
  servers = [];
});

afterEach(async () => {
  for (const { child } of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }
  for (const server of servers) server.close();
});

describe('the application port', () => {
  test('greets with host, port, instance and version', async () => {
    const { application } = await start({ MESOS_TASK_ID: 'demo.instance-1._app.1', MARATHON_APP_ID: '/shop/demo' });
    const response = await fetch(`${application}/hello`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      host: '127.0.0.1',
      instance: 'demo.instance-1._app.1',
      app: '/shop/demo',
      version: '1.0.0',
    });
  });

  test('lists the instances that the orchestrator knows, with their health', async () => {
    const asked: string[] = [];
    const orchestrator = await serve((path) => {
      asked.push(path);
      return {
        tasks: [
          {
            id: 'one',
            host: '10.0.0.1',
            ports: [31000, 31001],
            state: 'TASK_RUNNING',
            healthCheckResults: [{ alive: true }],
          },
          {
            id: 'two',
            host: '10.0.0.2',
            ports: [31002, 31003],
            state: 'TASK_RUNNING',
            healthCheckResults: [{ alive: false }],
          },
          { id: 'three', host: '10.0.0.3', ports: [31004, 31005], state: 'TASK_STAGING' },
        ],
      };
    });
    const { application } = await start({
      STADION_ORCHESTRATOR: orchestrator,
      MESOS_TASK_ID: 'two',
      MARATHON_APP_ID: '/shop/demo',
    });
    const { instances } = (await (await fetch(`${application}/instances`)).json()) as { instances: unknown[] };
    expect(asked).toEqual(['/v2/apps/shop/demo/tasks']);
    expect(instances).toMatchObject([
      { id: 'one', address: '10.0.0.1:31000', health: 'healthy', self: false },
      { id: 'two', address: '10.0.0.2:31002', health: 'unhealthy', self: true },
      { id: 'three', address: '10.0.0.3:31004', health: 'unknown', self: false },
    ]);
  });

  test('lists itself alone, and says why, when the orchestrator cannot be asked', async () => {
    const gone = await serve(() => ({}));
    servers.pop()?.close();
    const { application } = await start({ STADION_ORCHESTRATOR: gone, MESOS_TASK_ID: 'me' });
    const answer = await (await fetch(`${application}/instances`)).json();
    expect(answer).toMatchObject({
      note: expect.stringContaining(gone),
      instances: [{ id: 'me', address: application.replace('http://', ''), self: true }],
    });
  });

  test('has a page for people, in which an id is text and nothing else', async () => {
    const { application } = await start({ MESOS_TASK_ID: '<script>alert(1)</script>' });
    const response = await fetch(application);
    expect(response.headers.get('content-type')).toContain('text/html');
    const html = await response.text();
    expect(html).toContain('Instances');
    expect(html).not.toContain('<script>alert');
  });

  test('answers 404 and 405 in words', async () => {
    const { application } = await start();
    const missing = await fetch(`${application}/nothing`);
    expect([missing.status, await missing.json()]).toEqual([404, { message: 'There is no /nothing here.' }]);
    const wrong = await fetch(`${application}/hello`, { method: 'DELETE' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET']);
    expect((await fetch(`${application}/hello`, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${application}/hello?from=here`)).status).toBe(200);
    // No URL at all, as far as a parser of URLs is concerned.
    expect(await status(application, '//')).toBe(404);
  });
});

describe('the admin port', () => {
  test('is healthy in rotation and out of it', async () => {
    const { admin } = await start();
    expect(await status(`${admin}/rotation`)).toBe(200);
    expect((await fetch(`${admin}/tasks/oor`, { method: 'POST' })).status).toBe(200);
    expect(await status(`${admin}/rotation`)).toBe(503);
    const health = await fetch(`${admin}/healthcheck`);
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({
      service: { healthy: true },
      rotation: { healthy: true, rotation: 'out' },
    });
    expect((await fetch(`${admin}/tasks/bir`, { method: 'POST' })).status).toBe(200);
    expect(await status(`${admin}/rotation`)).toBe(200);
    expect((await fetch(`${admin}/tasks/oor`)).status).toBe(405);
  });

  test('answers a ping', async () => {
    const { admin } = await start();
    expect(await (await fetch(`${admin}/ping`)).text()).toBe('pong\n');
  });

  test('counts requests by port, path and status, whatever paths are asked for', async () => {
    const { application, admin } = await start();
    await fetch(`${application}/hello`);
    await fetch(`${application}/hello`);
    await fetch(`${application}/some"path`);
    const response = await fetch(`${admin}/metrics`);
    expect(response.headers.get('content-type')).toContain('version=0.0.4');
    const text = await response.text();
    expect(text).toContain('demo_requests_total{port="application",path="/hello",status="200"} 2\n');
    expect(text).toContain('demo_requests_total{port="application",path="other",status="404"} 1\n');
    expect(text).toMatch(/^process_uptime_seconds \d/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
  });
});

describe('the process', () => {
  test('finishes the request under way on SIGTERM, takes no new ones, and exits 0', async () => {
    let isAsked: () => void = () => undefined;
    let letGo: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const orchestrator = await serve(async () => {
      isAsked();
      await held;
      return { tasks: [] };
    });
    const service = await start({ STADION_ORCHESTRATOR: orchestrator });
    const slow = fetch(`${service.application}/instances`);
    await asked;
    service.child.kill('SIGTERM');
    await until(service, 'stopping on SIGTERM');
    await expect(fetch(`${service.application}/hello`)).rejects.toThrow();
    letGo();
    expect((await slow).status).toBe(200);
    expect(await exited(service)).toBe(0);
    expect(service.output).toContain('stopped');
  });

  test('does not wait for a client that never finishes its request', async () => {
    const service = await start();
    const { port } = new URL(service.application);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write('GET /hello HTTP/1.1\r\nHost: a\r\n');
    await fetch(`${service.application}/hello`);
    service.child.kill('SIGTERM');
    expect(await exited(service)).toBe(0);
    socket.destroy();
  });

  test('says which port is in use, and exits 1', async () => {
    const taken = new URL(await serve(() => ({}))).port;
    const service = spawnService({ PORT0: taken, PORT1: '0' });
    expect(await exited(service)).toBe(1);
    expect(service.errors).toMatch(new RegExp(`Port ${taken} on 127\\.0\\.0\\.1 is in use`));
  });

  test('refuses a port that is none', async () => {
    const service = spawnService({ PORT0: 'eighty' });
    expect(await exited(service)).toBe(1);
    expect(service.errors).toContain('PORT0 is "eighty"');
  });

  test('logs a line for its start and for each request', async () => {
    const service = await start();
    await fetch(`${service.application}/hello`);
    await until(service, 'request application GET /hello 200');
    expect(service.output).toMatch(/started local-\d+ of \/demo/);
  });

  test('listens on all addresses where $HOST is none of this machine', async () => {
    const service = spawnService({ HOST: '192.0.2.1', PORT0: '0', PORT1: '0' });
    await until(service, 'started');
    expect(service.output).toContain('http://0.0.0.0:');
  });
});

describe('the descriptors', () => {
  test('run the service by a command that finds it through DEMO_SERVICE', async () => {
    const app = JSON.parse(await readFile(join(EXAMPLES, 'demo-app.json'), 'utf8')) as {
      cmd: string;
      env: Record<string, string>;
      portDefinitions: unknown[];
      healthChecks: { path: string; portIndex: number }[];
    };
    expect(app.portDefinitions).toHaveLength(2);
    const child = spawn('/bin/sh', ['-c', app.cmd], {
      env: {
        ...process.env,
        ...app.env,
        HOST: '127.0.0.1',
        PORT0: '0',
        PORT1: '0',
        DEMO_SERVICE: join(EXAMPLES, 'demo-service'),
      },
    });
    const service = await ready(watch(child));
    const check = app.healthChecks[0]!;
    const checked = check.portIndex === 1 ? service.admin : service.application;
    expect(await status(`${checked}${check.path}`)).toBe(200);
  });
});

interface Service {
  readonly child: ChildProcess;
  output: string;
  errors: string;
}

interface ReadyService extends Service {
  readonly application: string;
  readonly admin: string;
}

function spawnService(environment: Record<string, string>): Service {
  return watch(spawn(process.execPath, [PROGRAM], { env: { PATH: process.env.PATH, ...environment } }));
}

function watch(child: ChildProcess): Service {
  const service: Service = { child, output: '', errors: '' };
  running.push(service);
  child.stdout?.on('data', (chunk: Buffer) => (service.output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (service.errors += chunk.toString()));
  return service;
}

/** Starts the service on free ports and gives its addresses. */
async function start(environment: Record<string, string> = {}): Promise<ReadyService> {
  return ready(spawnService({ HOST: '127.0.0.1', PORT0: '0', PORT1: '0', ...environment }));
}

async function ready(service: Service): Promise<ReadyService> {
  await until(service, ' started ');
  const address = (name: string): string => new RegExp(`listening ${name} (\\S+)`).exec(service.output)?.[1] ?? '';
  return Object.assign(service, { application: address('application'), admin: address('admin') });
}

/** Waits until the service has said it. */
async function until(service: Service, text: string): Promise<void> {
  while (!service.output.includes(text)) {
    if (service.child.exitCode !== null) throw new Error(`It ended without saying "${text}": ${service.errors}`);
    await Promise.race([once(service.child.stdout!, 'data'), once(service.child, 'close')]);
  }
}

async function exited(service: Service): Promise<number | null> {
  if (service.child.exitCode === null) await once(service.child, 'close');
  return service.child.exitCode;
}

/** A stand-in for the orchestrator, as far as the service asks it. */
async function serve(answer: (path: string) => unknown): Promise<string> {
  const server = createServer((incoming, response) => {
    void Promise.resolve(answer(incoming.url ?? '')).then((body) => response.end(JSON.stringify(body)));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Without keep-alive, so that no idle connection is left behind. */
function status(url: string, path = new URL(url).pathname): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}
