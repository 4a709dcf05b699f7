import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { delay } from '@stadion/base';
import { systemTimers } from '@stadion/base/system';
import { VirtualTime } from '@stadion/base/testing';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAgent, type Agent } from '../agent.ts';
import { optionsIn } from '../testing/agent-in-directory.ts';
import { FakeMaster, makeExecutor, makeTask } from '../testing/fake-master.ts';
import { REQUEST_MS_MAX } from '../limits.ts';
import { createAgentHttp } from './agent-http.ts';

let root: string;
let agent: Agent;
let http: FastifyInstance;
let sandbox: string;
let master: FakeMaster;
const time = new VirtualTime();

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'stadion http '));
  master = new FakeMaster();
  agent = createAgent(optionsIn(root, master, time));
  http = createAgentHttp(agent, { clock: time, timers: time, flags: { work_dir: root } });
  await agent.start();
  await time.advance(0);
  master.run(makeTask('a', { command: { value: 'sleep 1000' } }), makeTask('b'));
  const isUp = (): boolean => [...agent.tasks()].every((task) => task.phase === 'running');
  while (!isUp()) await time.advance(1);
  const task = [...agent.tasks()].find((each) => each.info.name === 'a');
  if (task === undefined) throw new Error('the task is not there');
  sandbox = agent.sandboxOf(task);
  writeFileSync(join(sandbox, 'stdout'), '0123456789');
});

afterEach(async () => {
  await http.close();
  await agent.stop();
  rmSync(root, { recursive: true, force: true });
});

async function get(
  path: string,
  query: Record<string, string> = {},
): Promise<{ status: number; json: unknown; body: string }> {
  const response = await http.inject({ method: 'GET', url: path, query });
  let json: unknown;
  try {
    json = JSON.parse(response.body);
  } catch {
    json = undefined;
  }
  return { status: response.statusCode, json, body: response.body };
}

describe('/state', () => {
  it.each(['/state', '/state.json', '/slave(1)/state', '/slave(1)/state.json'])('is served at %s', async (path) => {
    const { json } = await get(path);
    expect(json).toMatchObject({
      id: 'agent-S0',
      pid: 'slave(1)@10.0.0.1:5051',
      hostname: 'host-1',
      resources: { cpus: 4, mem: 1024, disk: 0, gpus: 0, ports: '[31000-32000]' },
      attributes: { rack: 'r1', stadion_containerizers: '{posix}' },
      unreserved_resources_allocated: { cpus: 0.2, mem: 64 },
      flags: { work_dir: root },
      master_hostname: 'master.test',
      capabilities: expect.arrayContaining(['AGENT_DRAINING']) as string[],
      frameworks: [
        {
          id: 'framework-1',
          executors: [
            {
              id: 'a',
              source: 'a',
              name: "Command Executor (Task: a) (Command: sh -c 'sleep 1000')",
              directory: sandbox,
              tasks: [{ id: 'a', state: 'TASK_RUNNING', framework_id: 'framework-1', slave_id: 'agent-S0' }],
            },
            { id: 'b' },
          ],
        },
      ],
    });
  });

  it('gives the executor of a command no type: tools look for the files of a DEFAULT one below its `tasks/`', async () => {
    const { frameworks } = (await get('/state')).json as { frameworks: { executors: object[] }[] };
    const executors = frameworks.flatMap((framework) => framework.executors);
    expect(executors).toHaveLength(2);
    for (const executor of executors) expect(executor).not.toHaveProperty('type');
  });

  it('is not there while the agent recovers', async () => {
    const young = createAgent(optionsIn(root, new FakeMaster(), time));
    const pages = createAgentHttp(young, { clock: time, timers: time });
    expect((await pages.inject('/state')).statusCode).toBe(503);
    expect((await pages.inject('/health')).statusCode).toBe(200);
    await pages.close();
  });

  it('also comes as JSONP, for names only', async () => {
    expect((await get('/version', { jsonp: 'tell' })).body).toBe(
      'tell({"version":"1.11.0","build_date":"","build_time":0,"build_user":"stadion"});',
    );
    expect((await get('/version', { jsonp: 'alert(1)//' })).status).toBe(400);
  });
});

describe('statistics and metrics', () => {
  it('show each running task', async () => {
    const { json } = await get('/monitor/statistics');
    expect(json).toMatchObject([
      {
        framework_id: 'framework-1',
        executor_id: 'a',
        source: 'a',
        statistics: { processes: 1, mem_limit_bytes: 33554432, cpus_limit: 0.1 },
      },
      { executor_id: 'b' },
    ]);
    expect((await get('/containers', { framework_id: 'framework-1', executor_id: 'b' })).json).toMatchObject([
      {
        executor_id: 'b',
        container_id: expect.any(String) as string,
        status: { executor_pid: expect.any(Number) as number },
      },
    ]);
  });

  it('are one line for a pod, as Mesos has them, and one for each of its tasks where that is asked for', async () => {
    master.runGroup({ ...makeExecutor('pod'), name: 'of two' }, makeTask('pod.one'), makeTask('pod.two'));
    const isUp = (id: string) => agent.findTask('framework-1', id)?.task.phase === 'running';
    while (!isUp('pod.one') || !isUp('pod.two')) await time.advance(1000);
    const { pod, containerId } = agent.findTask('framework-1', 'pod.two')?.task ?? {};
    const { json } = await get('/monitor/statistics');
    expect(json).toMatchObject([
      { executor_id: 'a' },
      { executor_id: 'b' },
      {
        framework_id: 'framework-1',
        executor_id: 'pod',
        executor_name: 'of two',
        source: '',
        // Its own cpus, and those of both.
        statistics: { processes: 2, threads: 2, cpus_limit: 0.3, mem_limit_bytes: 64 * 1024 * 1024 },
      },
    ]);
    expect((json as object[]).length).toBe(3);
    expect((await get('/monitor/statistics', { tasks: 'true' })).json).toMatchObject(
      ['a', 'b', 'pod.one', 'pod.two'].map((source) => ({ source, statistics: { processes: 1, cpus_limit: 0.1 } })),
    );
    const ids = async (query: Record<string, string>) =>
      ((await get('/containers', query)).json as { container_id: string }[]).map((line) => line.container_id);
    expect(await ids({ executor_id: 'pod' })).toEqual([pod?.podId]);
    expect((await ids({ show_nested: 'true' })).slice(2)).toEqual([pod?.podId, expect.any(String), containerId]);
  });

  it('tell of the process of a custom executor, also when it has nothing to do', async () => {
    const executor = { ...makeExecutor('runner'), type: 'CUSTOM' as const, command: { value: './runner' } };
    const { command: _none, ...executed } = makeTask('executed');
    master.run({ ...executed, executor });
    const found = async () => {
      const lines = (await get('/monitor/statistics')).json as {
        executor_id: string;
        statistics: { processes: number };
      }[];
      return lines.filter((line) => line.executor_id === 'runner');
    };
    // Its process is started.
    while ((await found())[0]?.statistics.processes !== 1) await time.advance(1000);
    expect(await found()).toMatchObject([{ source: '', statistics: { processes: 1, cpus_limit: 0.1 } }]);
  });

  it('have the names that dashboards know', async () => {
    expect((await get('/metrics/snapshot')).json).toMatchObject({
      'slave/registered': 1,
      'slave/tasks_running': 2,
      'slave/cpus_total': 4,
      'slave/cpus_used': 0.2,
      'slave/tasks_finished': 0,
      'slave/executors_running': 2,
      'slave/executors_registering': 0,
      'slave/executors_terminating': 0,
      'slave/executors_terminated': 0,
      // Starting, and running.
      'slave/valid_status_updates': 4,
      'slave/invalid_status_updates': 0,
      'slave/executor_directory_max_allowed_age_secs': 604_800,
      'containerizer/mesos/container_destroy_errors': 0,
    });
  });
});

describe('/files/read', () => {
  const read = (query: Record<string, string>): ReturnType<typeof get> =>
    get('/files/read', { path: join(sandbox, 'stdout'), ...query });

  it.each([
    ['no offset: the size', {}, { offset: 10, data: '' }],
    ['offset -1: the size', { offset: '-1', length: '5' }, { offset: 10, data: '' }],
    ['an offset alone: to the end', { offset: '4' }, { offset: 4, data: '456789' }],
    ['length -1: to the end', { offset: '4', length: '-1' }, { offset: 4, data: '456789' }],
    ['a piece', { offset: '2', length: '3' }, { offset: 2, data: '234' }],
    ['length 0: nothing', { offset: '2', length: '0' }, { offset: 2, data: '' }],
    ['beyond the end: nothing, the offset echoed', { offset: '99', length: '3' }, { offset: 99, data: '' }],
  ])('%s', async (_what, query, answer) => {
    expect((await read(query)).json).toEqual(answer);
  });

  it.each([
    { offset: '-2' },
    { offset: 'x' },
    { offset: '1.5' },
    { offset: '0', length: '-2' },
    { offset: '0', length: 'y' },
  ])('refuses %j', async (query) => {
    expect((await read(query)).status).toBe(400);
  });

  it('gives 65536 bytes at most', async () => {
    writeFileSync(join(sandbox, 'stdout'), 'x'.repeat(100_000));
    expect((await read({ offset: '0' })).json).toEqual({ offset: 0, data: 'x'.repeat(65_536) });
    expect((await read({ offset: '0', length: '90000' })).json).toEqual({ offset: 0, data: 'x'.repeat(65_536) });
  });

  it('does not cut a character in half at the end of a piece', async () => {
    writeFileSync(join(sandbox, 'stdout'), 'aé€');
    expect((await read({ offset: '0', length: '2' })).json).toEqual({ offset: 0, data: 'a' });
    expect((await read({ offset: '1', length: '4' })).json).toEqual({ offset: 1, data: 'é' });
    expect((await read({ offset: '3', length: '3' })).json).toEqual({ offset: 3, data: '€' });
    // A piece of nothing but a part of one: something has to come.
    expect((await read({ offset: '3', length: '1' })).json).toEqual({ offset: 3, data: '\ufffd' });
  });

  it('finds a sandbox under each of its three names', async () => {
    for (const path of [sandbox, join(dirname(sandbox), 'latest'), '/frameworks/framework-1/executors/a/runs/latest']) {
      expect((await get('/files/read', { path: `${path}/stdout`, offset: '0' })).json).toEqual({
        offset: 0,
        data: '0123456789',
      });
    }
  });
});

describe('hostile paths', () => {
  it.each([
    ['..', () => `${sandbox}/../../../b`, 400],
    ['.. in the middle', () => `${sandbox}/x/../stdout`, 400],
    ['NUL', () => `${sandbox}/stdout\0.txt`, 400],
    ['a file elsewhere', () => '/etc/passwd', 404],
    ['the work directory', () => root, 404],
    ['the directory of runs', () => dirname(sandbox), 404],
    ['a sibling whose name begins the same', () => `${sandbox}-other/secret`, 404],
    ['an unknown task', () => '/frameworks/framework-1/executors/zzz/runs/latest/stdout', 404],
    ['a relative path', () => 'stdout', 404],
    ['a missing file', () => `${sandbox}/missing`, 404],
    ['a link out of the sandbox', () => `${sandbox}/out/passwd`, 400],
    ['a link to a file outside', () => `${sandbox}/secret`, 400],
    ['a link to itself', () => `${sandbox}/loop`, 400],
    ['a link into a sibling', () => `${sandbox}/neighbour/secret`, 400],
  ])('%s', async (_what, makePath, status) => {
    mkdirSync(`${sandbox}-other`);
    writeFileSync(`${sandbox}-other/secret`, 'secret');
    symlinkSync('/etc', join(sandbox, 'out'));
    symlinkSync('/etc/passwd', join(sandbox, 'secret'));
    symlinkSync('loop', join(sandbox, 'loop'));
    symlinkSync(`${sandbox}-other`, join(sandbox, 'neighbour'));
    for (const page of ['browse', 'read', 'download']) {
      const answer = await get(`/files/${page}`, { path: makePath(), offset: '0' });
      expect(answer.status, page).toBe(status);
      expect(answer.body).not.toContain('root:');
    }
  });

  it('follows links that stay inside', async () => {
    symlinkSync('stdout', join(sandbox, 'inside'));
    expect((await get('/files/read', { path: `${sandbox}/inside`, offset: '0' })).status).toBe(200);
  });

  it('needs a path at all', async () => {
    expect((await get('/files/browse')).status).toBe(400);
  });

  it('does not hang on a pipe', async () => {
    execFileSync('mkfifo', [join(sandbox, 'pipe')]);
    expect((await get('/files/read', { path: `${sandbox}/pipe`, offset: '0' })).status).toBe(400);
    expect((await get('/files/download', { path: `${sandbox}/pipe` })).status).toBe(400);
  });

  it('cannot read or download a directory, nor browse a file', async () => {
    expect((await get('/files/read', { path: sandbox, offset: '0' })).status).toBe(400);
    expect((await get('/files/download', { path: sandbox })).status).toBe(400);
    expect((await get('/files/browse', { path: `${sandbox}/stdout` })).status).toBe(400);
  });
});

describe('the other pages of /files', () => {
  it('browse lists what is there, sorted', async () => {
    mkdirSync(join(sandbox, 'data'));
    const { json } = await get('/files/browse', { path: sandbox });
    expect(json).toMatchObject([
      { path: `${sandbox}/data`, mode: expect.stringMatching(/^drwx/) as string },
      { path: `${sandbox}/stderr`, size: 0, mode: expect.stringMatching(/^-rw-/) as string },
      { path: `${sandbox}/stdout`, size: 10, nlink: 1, mtime: expect.any(Number) as number },
    ]);
  });

  it('download gives the bytes under the name of the file', async () => {
    const bytes = Buffer.from([0, 255, 10, 128]);
    writeFileSync(join(sandbox, 'a"b.bin'), bytes);
    const response = await http.inject({ url: '/files/download', query: { path: `${sandbox}/a"b.bin` } });
    expect(response.rawPayload).toEqual(bytes);
    expect(response.headers['content-type']).toBe('application/octet-stream');
    expect(response.headers['content-disposition']).toContain('attachment; filename=a_b.bin');
  });

  it('download of a log that grows ends where it was', async () => {
    const path = join(sandbox, 'stdout');
    const response = http.inject({ url: '/files/download', query: { path } });
    appendFileSync(path, 'more');
    expect(['0123456789', '0123456789more']).toContain((await response).body);
  });

  it('debug tells what is where', async () => {
    expect((await get('/files/debug')).json).toMatchObject({
      [sandbox]: sandbox,
      '/frameworks/framework-1/executors/a/runs/latest': sandbox,
    });
  });
});

describe('the server', () => {
  it('closes although a browser keeps connections open on which it never asked anything', async () => {
    await http.listen({ host: '127.0.0.1', port: 0 });
    const address = http.server.address();
    const socket = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const gone = new Promise((resolve) => socket.once('close', resolve));
    await http.close();
    await gone;
  });

  it('does not wait for ever for the rest of a request', async () => {
    await http.listen({ host: '127.0.0.1', port: 0 });
    const address = http.server.address();
    const socket = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1');
    const gone = new Promise((resolve) => socket.once('close', resolve));
    let isGone = false;
    void gone.then(() => (isGone = true));
    socket.on('error', () => undefined);
    socket.write('POST /images HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{');
    // Its time is taken from when the request is there, which the network decides.
    while (!isGone) {
      await time.advance(REQUEST_MS_MAX);
      await delay(systemTimers, 1);
    }
    expect(http.server.headersTimeout).toBeGreaterThan(0);
  });
});
