/** What the running platform does with bad input: a clear error in Marathon's shape, nothing half done, and it lives on. */
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { shellApp } from './support/apps.ts';
import { RunningPlatform, callJson, waitFor, type Answer } from './support/running-platform.ts';

const WAITING = { backoffSeconds: 3600, instances: 0 };

describe('bad input', { timeout: 60_000 }, () => {
  let platform: RunningPlatform;
  let pid: number;
  beforeAll(async () => {
    platform = await RunningPlatform.start();
    pid = platform.pid;
  });
  const wellAgain = async () => {
    // Whatever was sent: it is the same process, it answers, and it keeps nothing of what it refused.
    expect(platform.pid).toBe(pid);
    expect((await platform.call('GET', '/ping')).status).toBe(200);
    const { apps } = (await platform.call('GET', '/v2/apps')).body;
    await Promise.all(apps.map(({ id }: { id: string }) => platform.call('DELETE', `/v2/apps${id}?force=true`)));
    await platform.settled();
    expect((await platform.call('GET', '/v2/apps')).body.apps).toEqual([]);
  };
  afterEach(wellAgain, 60_000);
  afterAll(async () => {
    await platform.dispose();
  });

  const post = (body: unknown): Promise<Answer> => platform.call('POST', '/v2/apps', body);
  const nothingIsThere = async () => {
    expect((await platform.call('GET', '/v2/apps')).body.apps).toEqual([]);
    expect((await platform.call('GET', '/v2/deployments')).body).toEqual([]);
  };

  it.each([
    ['text', 'hello'],
    ['half of an object', '{"id":"/a"'],
    ['a trailing comma', '{"id":"/a",}'],
    ['nothing', ''],
    ['a NUL', '\0'],
  ])('that is no JSON is refused with the parser’s words: %s', async (_name, body) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ message: expect.stringMatching(/JSON/), details: expect.any(String) });
    await nothingIsThere();
  });

  it.each(['[]', '"text"', '5', 'null', 'true'])('of the wrong shape is refused: %s', async (body) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ message: 'Please specify data in JSON format', details: expect.any(String) });
  });

  it.each([
    [{ id: 5, cmd: 'run' }, '/id', 'error.expected.jsstring'],
    [{ id: '/a', cmd: 'run', cpus: 'many' }, '/cpus', 'error.expected.jsnumber'],
    [{ id: '/a', cmd: 'run', instances: 1.5 }, '/instances', expect.stringMatching(/error\.expected/)],
    [{ id: '/a', cmd: 'run', labels: [] }, '/labels', expect.stringMatching(/error\.expected/)],
    [{ id: '/a', cmd: 'run', healthChecks: {} }, '/healthChecks', expect.stringMatching(/error\.expected/)],
    [
      { id: '/a', cmd: 'run', healthChecks: [{ protocol: 'HTTP', portIndex: 'first' }] },
      '/healthChecks(0)/portIndex',
      expect.stringMatching(/error\.expected/),
    ],
  ])('of a wrong type is refused by its path: %j', async (body, path, problem) => {
    const answer = await post(body);
    expect(answer.status).toBe(422);
    expect(answer.body).toEqual({ message: 'Invalid JSON', details: [{ path, errors: [problem] }] });
    await nothingIsThere();
  });

  it.each([
    [{ id: '/A_b', cmd: 'run' }, '/id'],
    [{ id: '/a/restart', cmd: 'run' }, '/id'],
    [{ id: '/a', cmd: 'run', cpus: -1 }, '/cpus'],
    [{ id: '/a', cmd: 'run', mem: -0.5 }, '/mem'],
    [{ id: '/a', cmd: 'run', instances: -1 }, '/instances'],
    [{ id: '/a', cmd: 'run', portDefinitions: [{ port: 65_536 }] }, '/portDefinitions(0)/port'],
    [{ id: '/a', cmd: 'run', portDefinitions: [{ port: -1 }] }, '/portDefinitions(0)/port'],
    [{ id: '/a', cmd: 'run', portDefinitions: [{ port: 8080 }, { port: 8080 }] }, '/portDefinitions'],
    [
      {
        id: '/a',
        cmd: 'run',
        portDefinitions: [
          { port: 0, name: 'a' },
          { port: 0, name: 'a' },
        ],
      },
      '/portDefinitions',
    ],
    [
      { id: '/a', cmd: 'run', portDefinitions: [], healthChecks: [{ protocol: 'HTTP', portIndex: 0 }] },
      '/healthChecks(0)/portIndex',
    ],
    [
      { id: '/a', cmd: 'run', portDefinitions: [{ port: 0 }], healthChecks: [{ protocol: 'TCP', portIndex: 3 }] },
      '/healthChecks(0)/portIndex',
    ],
    [{ id: '/a', cmd: 'run', upgradeStrategy: { minimumHealthCapacity: 2 } }, '/upgradeStrategy/minimumHealthCapacity'],
    [{ id: '/a', cmd: 'run', constraints: [['hostname', 'LIKE', '(']] }, '/constraints(0)'],
    [{ id: '/a', cmd: 'run', fetch: [{ uri: 'not a uri' }] }, '/fetch(0)/uri'],
    [{ id: '/a' }, '/'],
  ])('against the rules is refused by its path: %j', async (body, path) => {
    const answer = await post(body);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ message: expect.stringMatching(/^(Object is not valid|Invalid JSON)$/) });
    const paths = answer.body.details.map((detail: { path: string }) => detail.path);
    expect(paths.some((found: string) => found.startsWith(path))).toBe(true);
    for (const detail of answer.body.details) {
      expect(detail).toEqual({ path: expect.any(String), errors: expect.any(Array) });
    }
    await nothingIsThere();
  });

  it('that nobody knows is accepted, and named', async () => {
    const answer = await post(
      shellApp('/odd', 'exec sleep 1000', {
        ...WAITING,
        colour: 'red',
        upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1, pace: 1 },
      }),
    );
    expect(answer.status).toBe(201);
    const named = answer.headers.get('x-stadion-ignored-fields') ?? '';
    expect(named).toContain('colour');
    expect(named).toContain('pace');
    expect(answer.body).not.toHaveProperty('colour');
  });

  it('with an id that climbs out ends at the root', async () => {
    expect((await post(shellApp('../../../etc/passwd', 'exec sleep 1000', WAITING))).body.id).toBe('/etc/passwd');
    expect((await post(shellApp('/a/../..', 'exec sleep 1000', WAITING))).status).toBe(422);
    for (const path of ['/v2/apps/..%2f..%2fetc%2fpasswd', '/v2/apps/%2e%2e/%2e%2e', '/v2/apps/%00', '/v2/apps/%ff']) {
      expect((await platform.call('GET', path)).status).toBeLessThan(500);
    }
  });

  it('beyond any agent is accepted and waits, and why names the nearest', async () => {
    expect((await post(shellApp('/huge', 'exec sleep 1000', { cpus: 500, mem: 1_000_000 }))).status).toBe(201);
    const item = await waitFor('the queue has looked at an agent', async () => {
      const { body } = await platform.call('GET', '/v2/queue?extensions=true');
      return body.queue.find((entry: { why?: { agents: number } }) => (entry.why?.agents ?? 0) > 0);
    });
    expect(item.why.summary).toMatch(/500/);
    expect(item.why.summary).toMatch(/\b8\b/);
    const why = await platform.cli('app', 'why', '/huge');
    expect(why.stdout).toContain('500');
  });

  it('of 10 MB is refused with the limit', async () => {
    const body = JSON.stringify(shellApp('/large', 'x'.repeat(10_000_000)));
    // Again and again: the answer must not be lost while the client still sends.
    for (let round = 0; round < 10; round += 1) {
      const answer = await post(body);
      expect(answer.status).toBe(413);
      expect(answer.body.message).toMatch(/larger than the limit of \d+ bytes/);
    }
  });

  it('of 10,000 labels is kept whole', async () => {
    const labels = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`label-${index}`, `value ${index}`]),
    );
    expect((await post(shellApp('/labels', 'exec sleep 1000', { labels, instances: 1 }))).status).toBe(201);
    await platform.settled();
    const { app } = (await platform.call('GET', '/v2/apps/labels')).body;
    expect(app.labels).toEqual(labels);
    expect(app.tasksRunning).toBe(1);
  });

  it('nested too deep is refused', async () => {
    expect((await post(`${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`)).status).toBe(400);
    expect((await post('['.repeat(1_000_000))).status).toBe(400);
  });

  it('that reaches for prototypes changes nothing', async () => {
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      const body = `{"id":"/proto","cmd":"exec sleep 1000","instances":0,"labels":{"${key}":"x"},"${key}":{"admin":true}}`;
      expect((await post(body)).status).toBeLessThan(500);
      await platform.call('DELETE', '/v2/apps/proto?force=true');
      await platform.settled();
    }
    const { body } = await post(shellApp('/clean', 'exec sleep 1000', WAITING));
    expect(body.labels).toEqual({});
    expect(body.admin).toBeUndefined();
  });

  it('at addresses and with methods that are not there is told so', async () => {
    expect(await platform.call('GET', '/v2/nothing')).toMatchObject({
      status: 404,
      body: { message: 'URI not found' },
    });
    expect((await platform.call('DELETE', '/v2/info')).status).toBe(405);
    expect((await platform.call('GET', '/v2/apps?label=a%3D%3D%3D')).status).toBe(422);
    expect((await platform.call('GET', `/v2/apps/${'a'.repeat(100_000)}`)).status).toBeLessThan(500);
    expect((await platform.call('DELETE', '/v2/deployments/nobody')).status).toBe(404);
  });

  it('thousandfold at once is answered every single time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        post(shellApp(`/many/app-${index}`, 'exec sleep 1000', { instances: 0 })),
      ),
    );
    const kinds = new Map<number, number>();
    for (const { status } of answers) kinds.set(status, (kinds.get(status) ?? 0) + 1);
    const created = kinds.get(201) ?? 0;
    expect([...kinds.keys()].every((status) => [201, 403, 503].includes(status))).toBe(true);
    expect(created).toBeGreaterThan(0);
    expect((await platform.call('GET', '/v2/apps')).body.apps).toHaveLength(created);
    // All of one id: exactly one wins.
    const same = await Promise.all(
      Array.from({ length: 50 }, () => post(shellApp('/one', 'exec sleep 1000', { instances: 0 }))),
    );
    expect(same.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(same.filter(({ status }) => status === 409)).toHaveLength(49);
  });

  it('from clients that are slow, silent or gone keeps nobody else from being served', async () => {
    const { hostname, port } = new URL(platform.addresses.orchestrator);
    const sockets: Socket[] = [];
    const open = (text: string): void => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(text);
      });
      socket.on('error', () => undefined);
      sockets.push(socket);
    };
    const head = 'POST /v2/apps HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';
    for (let index = 0; index < 100; index += 1) {
      open('');
      open('GET /v2/ap');
      open(`${head}content-length: 100\r\n\r\n{"id":"/half"`);
      open('GET /v2/events HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\n\r\n');
    }
    open('\x16\x03\x01\x02\x00\x01\x00\x01\xfc');
    open(`${head}content-length: -1\r\n\r\n`);
    open(`${head}transfer-encoding: chunked\r\n\r\nZZZ\r\n`);
    open(`GET / HTTP/1.1\r\nhost: a\r\nlarge: ${'x'.repeat(100_000)}\r\n\r\n`);
    await platform.change('POST', '/v2/apps', shellApp('/served', 'exec sleep 1000'));
    for (const socket of sockets) socket.destroy();
    expect((await platform.call('GET', '/v2/apps/half')).status).toBe(404);
    await platform.change('PUT', '/v2/apps/served', { instances: 2 });
  });

  it('for master and agent is answered in words as well', async () => {
    for (const role of ['master', 'agent'] as const) {
      const base = platform.addresses[role];
      for (const path of ['/nothing', '/state?jsonp=alert(1);//', '/tasks?limit=-1', '/files/read?path=%00', '/%ff']) {
        expect((await callJson(`${base}${path}`)).status).toBeLessThan(500);
      }
      expect((await callJson(`${base}/state`, 'POST', '{}')).status).toBeLessThan(500);
      expect((await callJson(`${base}/health`)).status).toBe(200);
    }
  });
});
