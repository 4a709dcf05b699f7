import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualTime } from '@stadion/base/testing';
import { decodeProtobuf, encodeProtobuf } from '@stadion/contract/mesos-wire';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAgent, type Agent } from '../../agent.ts';
import { optionsIn } from '../../testing/agent-in-directory.ts';
import { FakeMaster, makeTask } from '../../testing/fake-master.ts';
import { until } from '../../testing/task-machine.ts';
import { createAgentHttp } from '../agent-http.ts';

const JSON_TYPE = 'application/json';
const PROTOBUF_TYPE = 'application/x-protobuf';

let root: string;
let time: VirtualTime;
let agent: Agent;
let http: FastifyInstance;
let sandbox: string;
let container: { readonly value: string };

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'stadion api '));
  time = new VirtualTime();
  const master = new FakeMaster();
  agent = createAgent(optionsIn(root, master, time));
  http = createAgentHttp(agent, { clock: time, timers: time, flags: { work_dir: root } });
  await agent.start();
  await time.advance(0);
  master.run(makeTask('a', { command: { value: 'sleep 1000' }, health_checks: [HEALTH_CHECK] }));
  master.run(makeTask('over', { command: { value: 'true' } }));
  while (![...agent.tasks()].every((task) => task.phase === 'running')) await time.advance(1);
  master.kill('over', 0);
  while ([...agent.endedTasks()].length === 0) await time.advance(100);
  const [task] = [...agent.tasks()];
  if (task === undefined) throw new Error('the task is not there');
  sandbox = agent.sandboxOf(task);
  container = { value: task.containerId };
  writeFileSync(join(sandbox, 'stdout'), '0123456789');
});

afterEach(async () => {
  await http.close();
  await agent.stop();
  rmSync(root, { recursive: true, force: true });
});

const HEALTH_CHECK = {
  type: 'TCP',
  tcp: { port: 80 },
  delay_seconds: 3600,
  interval_seconds: 10,
  timeout_seconds: 2,
  consecutive_failures: 3,
  grace_period_seconds: 3600,
  kill_on_failure: false,
} as const;

type Headers = Readonly<Record<string, string>>;

async function post(payload: string | Buffer, headers: Headers) {
  const {
    statusCode,
    rawPayload,
    body,
    headers: answered,
  } = await http.inject({
    method: 'POST',
    url: '/api/v1',
    headers,
    payload,
  });
  return { status: statusCode, type: answered['content-type'], bytes: rawPayload, body };
}

/** Makes a call in JSON. */
async function ask(type: string, content?: object): Promise<{ status: number; body: string; json: unknown }> {
  const call = JSON.stringify({ type, ...(content === undefined ? {} : { [type.toLowerCase()]: content }) });
  const answer = await post(call, { 'content-type': JSON_TYPE });
  const isJson = answer.type?.toString().startsWith(JSON_TYPE) === true;
  return { status: answer.status, body: answer.body, json: isJson ? JSON.parse(answer.body) : undefined };
}

/** Makes the same call in protobuf. */
async function askInProtobuf(type: string, content?: object): Promise<{ status: number; message: unknown }> {
  const call = encodeProtobuf('AgentCall', {
    type,
    ...(content === undefined ? {} : { [type.toLowerCase()]: content }),
  });
  const headers = { 'content-type': PROTOBUF_TYPE, accept: PROTOBUF_TYPE };
  const answer = await post(Buffer.from(call), headers);
  const isProtobuf = answer.type === PROTOBUF_TYPE;
  return { status: answer.status, message: isProtobuf ? decodeProtobuf('AgentResponse', answer.bytes) : answer.body };
}

/** Every call of `mesos.v1.agent.Call.Type` (1.11), with what it takes here and how it is answered. */
function everyCall(): readonly (readonly [type: string, content: object | undefined, status: number])[] {
  const nested = { container_id: { value: 'one', parent: container } };
  const nobody = { container_id: { value: 'one', parent: { value: 'nobody' } } };
  const command = { value: 'true' };
  return [
    ['UNKNOWN', undefined, 501],
    ['GET_HEALTH', undefined, 200],
    ['GET_FLAGS', undefined, 200],
    ['GET_VERSION', undefined, 200],
    ['GET_METRICS', { timeout: { nanoseconds: 1_000_000_000 } }, 200],
    ['GET_LOGGING_LEVEL', undefined, 200],
    ['SET_LOGGING_LEVEL', { level: 1, duration: { nanoseconds: 1_000_000_000 } }, 501],
    ['LIST_FILES', { path: sandbox }, 200],
    ['READ_FILE', { path: `${sandbox}/stdout`, offset: 2, length: 3 }, 200],
    ['GET_STATE', undefined, 200],
    ['GET_CONTAINERS', { show_nested: true }, 200],
    ['GET_FRAMEWORKS', undefined, 200],
    ['GET_EXECUTORS', undefined, 200],
    ['GET_OPERATIONS', undefined, 200],
    ['GET_TASKS', undefined, 200],
    ['GET_AGENT', undefined, 200],
    ['GET_RESOURCE_PROVIDERS', undefined, 200],
    ['LAUNCH_NESTED_CONTAINER', { ...nested, command }, 501],
    ['WAIT_NESTED_CONTAINER', nobody, 404],
    ['KILL_NESTED_CONTAINER', nobody, 404],
    ['REMOVE_NESTED_CONTAINER', nobody, 404],
    ['LAUNCH_NESTED_CONTAINER_SESSION', { ...nobody, command }, 404],
    ['ATTACH_CONTAINER_INPUT', { type: 'CONTAINER_ID', container_id: container }, 415],
    ['ATTACH_CONTAINER_OUTPUT', nobody, 404],
    ['LAUNCH_CONTAINER', { ...nested, command }, 501],
    ['WAIT_CONTAINER', nobody, 404],
    ['KILL_CONTAINER', { container_id: container }, 400],
    ['REMOVE_CONTAINER', { container_id: container }, 400],
    ['ADD_RESOURCE_PROVIDER_CONFIG', undefined, 501],
    ['UPDATE_RESOURCE_PROVIDER_CONFIG', undefined, 501],
    ['REMOVE_RESOURCE_PROVIDER_CONFIG', undefined, 501],
    ['MARK_RESOURCE_PROVIDER_GONE', undefined, 501],
    ['PRUNE_IMAGES', { excluded_images: [{ type: 'DOCKER', docker: { name: 'kept' } }] }, 200],
  ];
}

describe('the calls of an agent', () => {
  it('are all answered, or refused in words, alike in JSON and in protobuf', async () => {
    expect(everyCall()).toHaveLength(33);
    for (const [type, content, status] of everyCall()) {
      const inJson = await ask(type, content);
      expect([type, inJson.status]).toEqual([type, status]);
      if (status !== 200) expect([type, inJson.body]).toEqual([type, expect.stringMatching(/\w+ \w+/)]);
      const inProtobuf = await askInProtobuf(type, content);
      expect([type, inProtobuf.status]).toEqual([type, status]);
      if (inJson.json !== undefined) expect(inProtobuf.message).toMatchObject({ type });
    }
  });

  it('tell of the agent, its frameworks, executors and tasks', async () => {
    expect((await ask('GET_AGENT')).json).toMatchObject({
      type: 'GET_AGENT',
      get_agent: { agent_info: { id: { value: 'agent-S0' }, hostname: 'host-1', port: 5051 } },
    });
    expect((await ask('GET_FLAGS')).json).toMatchObject({ get_flags: { flags: [{ name: 'work_dir', value: root }] } });
    expect((await ask('GET_TASKS')).json).toMatchObject({
      get_tasks: {
        queued_tasks: [],
        launched_tasks: [
          {
            task_id: { value: 'a' },
            state: 'TASK_RUNNING',
            statuses: [{ state: 'TASK_RUNNING' }],
            health_check: { type: 'TCP', tcp: { port: 80 }, interval_seconds: 10 },
          },
        ],
        completed_tasks: [{ task_id: { value: 'over' }, state: 'TASK_KILLED' }],
      },
    });
    const state = await askInProtobuf('GET_STATE');
    expect(state.message).toMatchObject({
      get_state: {
        get_tasks: { launched_tasks: [{ name: 'a', framework_id: { value: 'framework-1' } }] },
        get_executors: {
          executors: [{ executor_info: { executor_id: { value: 'a' }, command: { value: 'sleep 1000' } } }],
          completed_executors: [{ executor_info: { executor_id: { value: 'over' } } }],
        },
        get_frameworks: { frameworks: [{ framework_info: { id: { value: 'framework-1' } } }] },
      },
    });
    const containers = await askInProtobuf('GET_CONTAINERS');
    expect(containers.message).toMatchObject({
      get_containers: { containers: [{ container_id: container, resource_statistics: { cpus_limit: 0.1 } }] },
    });
  });

  it('read files of sandboxes, bytes as they are, and nothing else', async () => {
    expect((await ask('READ_FILE', { path: `${sandbox}/stdout`, offset: '7' })).json).toEqual({
      type: 'READ_FILE',
      read_file: { size: 10, data: Buffer.from('789').toString('base64') },
    });
    expect((await ask('READ_FILE', { path: `${sandbox}/stdout`, offset: 70 })).json).toMatchObject({
      read_file: { size: 10, data: '' },
    });
    expect((await ask('LIST_FILES', { path: sandbox })).json).toMatchObject({
      list_files: {
        file_infos: [{ path: `${sandbox}/stderr` }, { path: `${sandbox}/stdout`, size: 10, mode: 0o100644 }],
      },
    });
    expect((await ask('READ_FILE', { path: '/etc/passwd', offset: 0 })).status).toBe(404);
    expect((await ask('READ_FILE', { path: `${sandbox}/stdout` })).status).toBe(400);
    expect((await ask('READ_FILE', { path: `${sandbox}/stdout`, offset: -1 })).status).toBe(400);
    expect((await ask('READ_FILE', { path: sandbox, offset: 0 })).status).toBe(400);
    expect((await ask('LIST_FILES', { path: `${sandbox}/none` })).status).toBe(404);
    expect((await ask('LIST_FILES')).status).toBe(400);
  });

  it.each<[string, Headers, string | Buffer, number, string]>([
    ['no content type', {}, '{"type":"GET_HEALTH"}', 400, `'Content-Type' to be present`],
    ['an unknown one', { 'content-type': 'text/plain' }, '{}', 415, 'application/x-protobuf'],
    [
      'a form for the records of none',
      { 'content-type': JSON_TYPE, 'message-content-type': JSON_TYPE },
      '{}',
      415,
      'not set',
    ],
    ['records without a form', { 'content-type': 'application/recordio' }, '2\n{}', 400, `'Message-Content-Type'`],
    [
      'records in an unknown form',
      { 'content-type': 'application/recordio', 'message-content-type': 'text/plain' },
      '2\n{}',
      415,
      `'Message-Content-Type'`,
    ],
    ['an answer nobody can give', { 'content-type': JSON_TYPE, accept: 'text/html' }, '{}', 406, `'Accept'`],
    [
      'a form of records that are not wanted',
      { 'content-type': JSON_TYPE, accept: JSON_TYPE, 'message-accept': JSON_TYPE },
      '{}',
      406,
      `'Message-Accept'`,
    ],
    [
      'records of one answer',
      { 'content-type': JSON_TYPE, accept: 'application/recordio' },
      '{"type":"GET_HEALTH"}',
      406,
      'Streaming response is not supported for GET_HEALTH call',
    ],
    ['no JSON', { 'content-type': JSON_TYPE }, 'x', 400, 'Failed to parse body'],
    ['no protobuf', { 'content-type': PROTOBUF_TYPE }, Buffer.from([0x0a, 0xff]), 400, 'Failed to parse body'],
    ['no type', { 'content-type': JSON_TYPE }, '{"type":null}', 400, `Expecting 'type'`],
    ['no call', { 'content-type': JSON_TYPE }, '{"type":"__proto__"}', 501, 'is not supported'],
  ])('are refused with %s', async (_what, headers, payload, status, words) => {
    const answer = await post(payload, headers);
    expect([answer.status, answer.body]).toEqual([status, expect.stringContaining(words)]);
  });

  it('look no more for the end of a task when nobody waits for it', async () => {
    const url = await http.listen({ host: '127.0.0.1', port: 0 });
    const look = vi.spyOn(agent, 'findTask');
    const closed = new Promise<void>((resolve) => {
      http.server.once('request', (_request, response) => response.once('close', resolve));
    });
    const reader = new AbortController();
    const answer = fetch(`${url}/api/v1`, {
      method: 'POST',
      headers: { 'content-type': JSON_TYPE },
      body: JSON.stringify({ type: 'WAIT_CONTAINER', wait_container: { container_id: container } }),
      signal: reader.signal,
    }).then(
      () => 'answered',
      () => 'left',
    );
    await until(() => look.mock.calls.length > 0);
    reader.abort();
    expect(await answer).toBe('left');
    await closed;
    const looks = look.mock.calls.length;
    await time.advance(10_000);
    expect(look).toHaveBeenCalledTimes(looks);
  });

  it('come by POST', async () => {
    const answer = await http.inject({ method: 'GET', url: '/slave(1)/api/v1' });
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'POST']);
  });

  it.each(['/api/v1/operator', '/slave(1)/api/v1/operator'])(
    'are taken at %s too, where pymesos sends them',
    async (url) => {
      const headers = { 'content-type': JSON_TYPE };
      const answer = await http.inject({ method: 'POST', url, headers, body: JSON.stringify({ type: 'GET_HEALTH' }) });
      expect(answer.json()).toEqual({ type: 'GET_HEALTH', get_health: { healthy: true } });
      expect((await http.inject({ method: 'GET', url })).statusCode).toBe(405);
    },
  );
});
