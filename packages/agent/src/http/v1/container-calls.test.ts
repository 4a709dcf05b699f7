import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest, type ClientRequest } from 'node:http';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { SeededRandom, silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { decodeProtobuf, encodeProtobuf, encodeRecord, RecordReader } from '@stadion/contract/mesos-wire';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryCheckpoints } from '../../adapters/checkpoints-memory/memory-checkpoints.ts';
import { MemoryFetcher } from '../../adapters/fetcher-memory/memory-fetcher.ts';
import { createPosixContainerizer } from '../../adapters/posix/posix-containerizer.ts';
import { MemoryProber } from '../../adapters/prober-memory/memory-prober.ts';
import { FileSandboxes } from '../../adapters/sandboxes-file/file-sandboxes.ts';
import { FileVolumes } from '../../adapters/volumes-file/file-volumes.ts';
import { createAgent, type Agent } from '../../agent.ts';
import { FakeMaster, makeTask } from '../../testing/fake-master.ts';
import { until } from '../../testing/task-machine.ts';
import { createAgentHttp } from '../agent-http.ts';

const ports = { clock: systemClock, timers: systemTimers, log: silentLogger };
let root: string;
let master: FakeMaster;
let agent: Agent;
let http: FastifyInstance;
let url: string;
/** The container of the task. */
let parent: string;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'stadion calls '));
  chmodSync(root, 0o755);
  master = new FakeMaster();
  agent = createAgent({
    ...ports,
    dialer: master,
    containerizer: createPosixContainerizer({ ...ports, runtimeDirectory: join(root, 'run') }),
    checkpoints: new MemoryCheckpoints(),
    sandboxes: new FileSandboxes(root),
    volumes: new FileVolumes(root),
    fetcher: new MemoryFetcher(),
    prober: new MemoryProber(),
    random: new SeededRandom(3),
    info: {
      hostname: 'host-1',
      ip: '127.0.0.1',
      port: 5051,
      resources: [
        { name: 'cpus', type: 'SCALAR', scalar: { value: 4 } },
        { name: 'mem', type: 'SCALAR', scalar: { value: 1024 } },
      ],
      attributes: [],
      version: '1.11.0',
    },
    config: { inheritedEnvironment: { PATH: process.env['PATH'] ?? '' } },
  });
  http = createAgentHttp(agent, ports);
  url = await http.listen({ host: '127.0.0.1', port: 0 });
  await agent.start();
  await until(() => agent.registered);
  const value = 'while :; do echo tick; echo tock >&2; sleep 0.05; done';
  master.run(makeTask('a', { command: { value } }));
  await until(() => [...agent.tasks()].some(({ phase }) => phase === 'running'));
  parent = [...agent.tasks()][0]?.containerId ?? '';
});

afterEach(async () => {
  await agent.endTasks(10_000);
  await http.close();
  await agent.stop();
  rmSync(root, { recursive: true, force: true });
});

const idOf = (value: string) => ({ value, parent: { value: parent } });

const STREAMED = new Set(['LAUNCH_NESTED_CONTAINER_SESSION', 'ATTACH_CONTAINER_OUTPUT']);

/** Makes a call. */
async function call(type: string, content: object, signal?: AbortSignal): Promise<Response> {
  return fetch(`${url}/api/v1`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(STREAMED.has(type) ? { accept: 'application/recordio' } : {}),
    },
    body: JSON.stringify({ type, [type.toLowerCase()]: content }),
    ...(signal === undefined ? {} : { signal }),
  });
}

const launch = (name: string, command: object, container: object = {}, signal?: AbortSignal) =>
  call('LAUNCH_NESTED_CONTAINER_SESSION', { container_id: idOf(name), command, ...container }, signal);

/** Reads a stream of ProcessIO into what was written; `enough` ends it early. */
class Output {
  readonly texts = { STDOUT: '', STDERR: '' };

  async read(response: Response, enough: () => boolean = () => false): Promise<this> {
    const reader = new RecordReader(1024 * 1024);
    const body = response.body?.getReader();
    for (let chunk = await body?.read(); chunk?.value !== undefined; chunk = await body?.read()) {
      for (const record of reader.push(chunk.value)) {
        const { data } = JSON.parse(Buffer.from(record).toString()) as {
          data?: { type: 'STDOUT' | 'STDERR'; data: string };
        };
        if (data !== undefined) this.texts[data.type] += Buffer.from(data.data, 'base64').toString();
      }
      if (enough()) {
        await body?.cancel();
        break;
      }
    }
    return this;
  }
}

/** An open ATTACH_CONTAINER_INPUT. */
class Input {
  readonly answer: Promise<{ readonly status: number; readonly text: string }>;
  private readonly request: ClientRequest;

  constructor(name: string | undefined) {
    const headers = { 'content-type': 'application/recordio', 'message-content-type': 'application/json' };
    this.request = httpRequest(`${url}/api/v1`, { method: 'POST', headers });
    this.request.on('error', () => undefined);
    this.answer = new Promise((resolve) => {
      this.request.once('response', (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
    });
    if (name !== undefined) this.send({ type: 'CONTAINER_ID', container_id: idOf(name) });
  }

  send(content: object): void {
    const message = { type: 'ATTACH_CONTAINER_INPUT', attach_container_input: content };
    this.request.write(encodeRecord(Buffer.from(JSON.stringify(message))));
  }

  type(text: string): void {
    const data = { type: 'STDIN', data: Buffer.from(text).toString('base64') };
    this.send({ type: 'PROCESS_IO', process_io: { type: 'DATA', data } });
  }

  control(control: object): void {
    this.send({ type: 'PROCESS_IO', process_io: { type: 'CONTROL', control } });
  }

  end(): void {
    this.request.end();
  }
}

describe('sessions over the v1 API', () => {
  it('run a command with output and input, and tell how it ended until they are removed', async () => {
    const value = 'read line; echo "got $line"; echo problem >&2; cat; exit 3';
    const response = await launch('one', { value });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/recordio']);
    const output = new Output().read(response);
    const early = await call('REMOVE_NESTED_CONTAINER', { container_id: idOf('one') });
    expect(early.status).toBe(400);
    expect((await launch('one', { value })).status).toBe(202);
    const underName = await fetch(`${url}/slave(1)/api/v1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        type: 'REMOVE_NESTED_CONTAINER',
        remove_nested_container: { container_id: idOf('one') },
      }),
    });
    expect(underName.status).toBe(400);
    const input = new Input('one');
    input.control({ type: 'HEARTBEAT', heartbeat: { interval: { nanoseconds: 30_000_000_000 } } });
    input.type('a line\n');
    input.type('and more');
    input.type('');
    expect((await output).texts).toEqual({ STDOUT: 'got a line\nand more', STDERR: 'problem\n' });
    input.end();
    expect((await input.answer).status).toBe(200);
    const waited = await call('WAIT_NESTED_CONTAINER', { container_id: idOf('one') });
    expect(await waited.json()).toEqual({
      type: 'WAIT_NESTED_CONTAINER',
      wait_nested_container: { exit_status: 3 << 8 },
    });
    expect((await call('REMOVE_NESTED_CONTAINER', { container_id: idOf('one') })).status).toBe(200);
    expect((await call('WAIT_NESTED_CONTAINER', { container_id: idOf('one') })).status).toBe(404);
  });

  it('speak protobuf, record by record, and wait for a task as well', async () => {
    const protobuf = 'application/x-protobuf';
    const send = (type: string, content: object, headers: Record<string, string>) =>
      fetch(`${url}/api/v1`, {
        method: 'POST',
        headers: { 'content-type': protobuf, ...headers },
        body: new Uint8Array(encodeProtobuf('AgentCall', { type, [type.toLowerCase()]: content })),
      });
    const command = { value: 'cat', arguments: ['cat'], shell: false };
    const response = await send(
      'LAUNCH_NESTED_CONTAINER_SESSION',
      { container_id: idOf('binary'), command },
      { accept: 'application/recordio', 'message-accept': protobuf },
    );
    expect(response.headers.get('message-content-type')).toBe(protobuf);
    const messages = ['CONTAINER_ID', 'typed', ''].map((text) =>
      text === 'CONTAINER_ID'
        ? { type: text, container_id: idOf('binary') }
        : { type: 'PROCESS_IO', process_io: { type: 'DATA', data: { type: 'STDIN', data: btoa(text) } } },
    );
    const records = messages.map((content) =>
      encodeRecord(encodeProtobuf('AgentCall', { type: 'ATTACH_CONTAINER_INPUT', attach_container_input: content })),
    );
    const input = await fetch(`${url}/api/v1`, {
      method: 'POST',
      headers: { 'content-type': 'application/recordio', 'message-content-type': protobuf },
      body: new Uint8Array(Buffer.concat(records)),
    });
    expect(input.status).toBe(200);
    const reader = new RecordReader(1024 * 1024);
    const heard = reader
      .push(new Uint8Array(await response.arrayBuffer()))
      .map((record) => decodeProtobuf('ProcessIO', record));
    expect(heard).toContainEqual({ type: 'DATA', data: { type: 'STDOUT', data: btoa('typed') } });
    const plain = await send(
      'LAUNCH_NESTED_CONTAINER_SESSION',
      { container_id: idOf('plain'), command: { value: 'true' } },
      {},
    );
    expect(plain.headers.get('content-type')).toBe('application/json');
    await plain.text();
    const waited = send('WAIT_CONTAINER', { container_id: { value: parent } }, { accept: protobuf });
    master.kill('a', 0);
    const end = new Uint8Array(await (await waited).arrayBuffer());
    expect(decodeProtobuf('AgentResponse', end)).toMatchObject({ wait_container: { state: 'TASK_KILLED' } });
  });

  it('have a terminal, whose size follows', async () => {
    const terminal = { container: { type: 'MESOS', tty_info: { window_size: { rows: 30, columns: 100 } } } };
    const value = 'stty size; while [ "$(stty size)" = "30 100" ]; do sleep 0.02; done; stty size';
    const output = new Output();
    const read = output.read(await launch('two', { value }, terminal));
    await until(() => output.texts.STDOUT.includes('30 100'));
    const input = new Input('two');
    input.control({ type: 'TTY_INFO', tty_info: { window_size: { rows: 40, columns: 120 } } });
    await read;
    expect(output.texts.STDOUT).toContain('40 120');
    input.end();
    expect((await input.answer).status).toBe(200);
  });

  it('are killed when asked, and when whoever reads them goes away', async () => {
    const killed = new Output().read(
      await launch('three', { value: 'sleep', arguments: ['sleep', '1000'], shell: false }),
    );
    expect((await call('KILL_NESTED_CONTAINER', { container_id: idOf('three') })).status).toBe(200);
    await killed;
    const waited = await call('WAIT_CONTAINER', { container_id: idOf('three') });
    expect(await waited.json()).toEqual({ type: 'WAIT_CONTAINER', wait_container: { exit_status: 9 } });
    const reader = new AbortController();
    await launch('four', { value: 'sleep 1000' }, {}, reader.signal);
    reader.abort();
    const left = await call('WAIT_NESTED_CONTAINER', { container_id: idOf('four') });
    expect(await left.json()).toMatchObject({ wait_nested_container: { exit_status: 9 } });
  });

  it('have variables of their own beside those of the task, and are the user that the task is', async () => {
    const user = userInfo().username;
    master.run(makeTask('mine', { command: { value: 'sleep 1000', user } }));
    await until(() => [...agent.tasks()].filter(({ phase }) => phase === 'running').length === 2);
    const inMine = { value: 'as', parent: { value: agent.findTask('framework-1', 'mine')?.task.containerId } };
    const environment = { variables: [{ name: 'EXTRA', type: 'VALUE', value: 'more = more' }] };
    const command = { value: 'echo "$EXTRA in $MESOS_TASK_ID"', environment, user };
    const content = { container_id: inMine, command };
    const output = await new Output().read(await call('LAUNCH_NESTED_CONTAINER_SESSION', content));
    expect(output.texts).toEqual({ STDOUT: 'more = more in mine\n', STDERR: '' });
    const other = await launch('other', { ...command, user: 'somebody' });
    expect([other.status, await other.text()]).toEqual([400, expect.stringContaining('the user of its task')]);
    for (const variable of [
      { name: 'A=B', value: '' },
      { name: '', value: '' },
      { name: 'A', value: '\0' },
      { name: 'A', type: 'SECRET', secret: { type: 'VALUE', value: { data: 'QQ==' } } },
    ]) {
      const refused = await launch('odd', { value: 'true', environment: { variables: [variable] } });
      expect(refused.status).toBe(400);
    }
  });

  it('work in the container of a custom executor, by the id that its tasks tell', async () => {
    const executor_id = { value: 'runner' };
    const executor = {
      type: 'CUSTOM' as const,
      executor_id,
      command: { value: 'touch here; exec sleep 1000' },
      resources: [{ name: 'cpus', type: 'SCALAR' as const, scalar: { value: 0.1 } }],
    };
    const { command: _none, ...rest } = makeTask('executed');
    master.run({ ...rest, executor });
    const framework_id = { value: 'framework-1' };
    const whom = { framework_id, executor_id };
    const receiver = { send: () => undefined, close: () => undefined };
    const executed = () => agent.findTask('framework-1', 'executed')?.task;
    await until(() => agent.executors.reported().length === 1);
    await until(() => agent.executors.subscribe({ type: 'SUBSCRIBE', ...whom }, receiver) === undefined);
    await until(() => executed()?.phase === 'starting');
    const uuid = Buffer.alloc(16, 1).toString('base64');
    const status = { task_id: { value: 'executed' }, state: 'TASK_RUNNING' as const, timestamp: 1, uuid };
    agent.executors.call({ type: 'UPDATE', ...whom, update: { status } });
    await until(() => master.states('executed').includes('TASK_RUNNING'));
    const told = master.statuses('executed').at(-1)?.container_status?.container_id;
    expect(told?.parent).toBeUndefined();
    expect(agent.sandboxOf(executed()!)).toContain(`/executors/runner/runs/${told?.value ?? ''}`);
    const content = { container_id: { value: 's', parent: told }, command: { value: 'pwd' } };
    await until(() => existsSync(join(agent.sandboxOf(executed()!), 'here')));
    const output = await new Output().read(await call('LAUNCH_NESTED_CONTAINER_SESSION', content));
    expect(output.texts.STDOUT).toBe(`${agent.sandboxOf(executed()!)}\n`);
  });

  it('take input from who comes after somebody who only tried whether they do', async () => {
    const output = new Output().read(await launch('tried', { value: 'cat' }));
    // As dcos-cli, mesos-cli and mesos-term do.
    const trial = new Input('tried');
    trial.end();
    expect((await trial.answer).status).toBe(200);
    const input = new Input('tried');
    input.type('typed');
    input.type('');
    input.end();
    expect((await input.answer).status).toBe(200);
    expect((await output).texts.STDOUT).toBe('typed');
  });

  it('are refused where there is nothing to work in, and when the messages are none', async () => {
    expect((await launch('five', {})).status).toBe(400);
    const elsewhere = { container_id: { value: 'x', parent: { value: 'nobody' } }, command: { value: 'true' } };
    expect((await call('LAUNCH_NESTED_CONTAINER_SESSION', elsewhere)).status).toBe(404);
    const nameless = new Input(undefined);
    nameless.type('x');
    expect((await nameless.answer).status).toBe(400);
    const toTask = new Input(undefined);
    toTask.send({ type: 'CONTAINER_ID', container_id: { value: parent } });
    expect(await toTask.answer).toMatchObject({ status: 400, text: expect.stringContaining('it takes no input') });
  });
});

it('sends input to a task that has a terminal, of the size that the sender has, and ends with it', async () => {
  const value = 'read line; until [ "$(stty size)" = "40 120" ]; do sleep 0.02; done; echo "got $line"; cat; echo over';
  master.run(makeTask('typing', { command: { value }, container: { type: 'MESOS', tty_info: {} } }));
  const typing = () => [...agent.tasks()].find(({ info }) => info.task_id.value === 'typing');
  await until(() => typing()?.phase === 'running');
  const containerId = { value: typing()?.containerId ?? '' };
  const output = new Output();
  const read = output.read(await call('ATTACH_CONTAINER_OUTPUT', { container_id: containerId }));
  const input = new Input(undefined);
  input.send({ type: 'CONTAINER_ID', container_id: containerId });
  input.type('it\r');
  // The end of what is sent is not the end of a terminal.
  input.type('');
  input.control({ type: 'TTY_INFO', tty_info: { window_size: { rows: 40, columns: 120 } } });
  await until(() => output.texts.STDOUT.includes('got it'));
  const END_OF_TRANSMISSION = '\u0004';
  input.type(END_OF_TRANSMISSION);
  await read;
  expect(output.texts.STDOUT).toMatch(/over\r\n$/);
  // It ended with the task, not with the sender.
  expect((await input.answer).status).toBe(200);
  input.end();
});

it('passes on what a task writes, and leaves the task alone when the reader goes', async () => {
  const reader = new AbortController();
  const response = await call('ATTACH_CONTAINER_OUTPUT', { container_id: { value: parent } }, reader.signal);
  expect(response.status).toBe(200);
  const output = new Output();
  await output.read(response, () => output.texts.STDOUT.includes('tick') && output.texts.STDERR.includes('tock'));
  reader.abort();
  expect([...agent.tasks()].map(({ phase }) => phase)).toEqual(['running']);
  expect((await call('ATTACH_CONTAINER_OUTPUT', { container_id: { value: 'nobody' } })).status).toBe(404);
});
