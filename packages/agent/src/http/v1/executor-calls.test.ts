import { request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RecordReader, decodeProtobuf, encodeProtobuf } from '@stadion/contract/mesos-wire';
import { systemTimers } from '@stadion/base/system';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Agent } from '../../agent.ts';
import { makeExecutedTask } from '../../testing/plain-executor.ts';
import { SimulatedMachine } from '../../testing/simulated-agent.ts';
import { until } from '../../testing/task-machine.ts';
import { createAgentHttp } from '../agent-http.ts';

const CALLER = { framework_id: { value: 'framework-1' }, executor_id: { value: 'runner' } };
const STATUS = {
  task_id: { value: 'a' },
  state: 'TASK_RUNNING',
  source: 'SOURCE_EXECUTOR',
  timestamp: 1,
  uuid: Buffer.alloc(16, 7).toString('base64'),
};
const UPDATE = { ...CALLER, type: 'UPDATE', update: { status: STATUS } };

let machine: SimulatedMachine;
let agent: Agent;
let http: FastifyInstance;
let port: number;

async function serve(config: Parameters<SimulatedMachine['startAgent']>[0] = {}) {
  machine = new SimulatedMachine();
  agent = await machine.startAgent(config);
  http = createAgentHttp(agent, { clock: machine.time, timers: systemTimers });
  await http.listen({ port: 0, host: '127.0.0.1' });
  ({ port } = http.server.address() as AddressInfo);
  machine.master.run(makeExecutedTask('a'));
  await machine.time.advance(10);
}

function post(
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  method = 'POST',
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/slave(1)/api/v1/executor', method };
    request({ ...options, headers: { 'Content-Type': 'application/json', ...headers } })
      .on('response', resolve)
      .on('error', reject)
      .end(body);
  });
}

async function status(call: unknown, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const response = await post(JSON.stringify(call), headers);
  response.resume();
  return response.statusCode ?? 0;
}

beforeEach(() => serve());

afterEach(async () => {
  await http.close();
  await agent.stop();
});

describe('/api/v1/executor', () => {
  it('speaks protobuf both ways', async () => {
    const headers = { 'Content-Type': 'application/x-protobuf', Accept: 'application/x-protobuf' };
    const encode = (call: unknown) => encodeProtobuf('ExecutorCall', call);
    const stream = await post(encode({ ...CALLER, type: 'SUBSCRIBE' }), headers);
    expect([stream.statusCode, stream.headers['content-type']]).toEqual([200, 'application/x-protobuf']);
    const events: unknown[] = [];
    const reader = new RecordReader(1_000_000);
    stream
      .on('error', () => undefined)
      .on('data', (chunk: Buffer) => {
        for (const record of reader.push(chunk)) events.push(decodeProtobuf('ExecutorEvent', record));
      });
    await machine.time.advance(0);
    await until(() => events.length === 2);
    expect(events).toMatchObject([
      { type: 'SUBSCRIBED', subscribed: { executor_info: CALLER, framework_info: { name: 'tests' } } },
      { type: 'LAUNCH', launch: { task: { task_id: { value: 'a' } } } },
    ]);
    const updated = await post(encode(UPDATE), headers);
    expect(updated.statusCode).toBe(202);
    await machine.time.advance(0);
    await until(() => events.length === 3);
    expect(events[2]).toEqual({
      type: 'ACKNOWLEDGED',
      acknowledged: { task_id: { value: 'a' }, uuid: STATUS.uuid },
    });
    await agent.stop();
    await new Promise((resolve) => stream.once('close', resolve));
  });

  it('refuses what is wrong as Mesos does', async () => {
    expect(await status(UPDATE)).toBe(403);
    expect(await status({ ...UPDATE, executor_id: { value: 'other' } })).toBe(400);
    expect(await status({ ...CALLER, type: 'SUBSCRIBE', framework_id: { value: 'other' } })).toBe(400);
    expect(await status({ ...CALLER, type: 'HEARTBEAT' })).toBe(202);
    expect(await status({ ...CALLER, type: 'DANCE' })).toBe(501);
    expect(await status({ type: 'SUBSCRIBE' })).toBe(400);
    expect(await status(UPDATE, { 'Content-Type': 'text/plain' })).toBe(415);
    expect(await status({ ...CALLER, type: 'SUBSCRIBE' }, { Accept: 'text/html' })).toBe(406);
    for (const wrong of [{ uuid: 'AAAA' }, { source: 'SOURCE_AGENT' }, { state: 'TASK_STAGING' }]) {
      expect(await status({ ...UPDATE, update: { status: { ...STATUS, ...wrong } } })).toBe(400);
    }
    expect((await post('{', {})).statusCode).toBe(400);
    const wrongMethod = await post('', {}, 'GET');
    expect([wrongMethod.statusCode, wrongMethod.headers.allow]).toEqual([405, 'POST']);
  });

  it('ends the first stream when the same executor subscribes again', async () => {
    const subscribe = JSON.stringify({ ...CALLER, type: 'SUBSCRIBE' });
    const first = await post(subscribe);
    const second = await post(subscribe);
    await new Promise((resolve) => first.resume().once('close', resolve));
    expect(await status(UPDATE)).toBe(202);
    second.destroy();
    await until(() => agent.executors.call({ ...CALLER, type: 'MESSAGE', message: { data: '' } }) !== undefined);
    expect(await status(UPDATE)).toBe(403);
  });

  it('asks for the token of the executor where there are tokens', async () => {
    await http.close();
    await agent.stop();
    await serve({ executorTokenKey: 'key' });
    const [spec] = machine.containerizer.specs.values();
    const token = spec?.environment['MESOS_EXECUTOR_AUTHENTICATION_TOKEN'] ?? '';
    const subscribe = { ...CALLER, type: 'SUBSCRIBE' };
    expect(await status(subscribe)).toBe(401);
    expect(await status(subscribe, { Authorization: `Bearer ${token}x` })).toBe(401);
    expect((await post(JSON.stringify(subscribe), { Authorization: `Bearer ${token}` })).statusCode).toBe(200);
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toEqual({ fid: 'framework-1', eid: 'runner', cid: spec?.containerId });
  });
});
