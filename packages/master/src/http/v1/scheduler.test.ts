import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Offer, TaskInfo } from '@stadion/contract/mesos';
import { Cluster, resources, task, type ScriptedAgent } from '../../testing/cluster.ts';
import { HttpFramework } from '../../testing/http-framework.ts';
import { createMasterHttp } from '../master-http.ts';

let cluster: Cluster;
let app: FastifyInstance;
let agent: ScriptedAgent;
let port: number;

beforeEach(async () => {
  cluster = await Cluster.start();
  app = createMasterHttp(cluster.master);
  await app.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = app.server.address() as AddressInfo);
  agent = await cluster.agent('a1', resources(4, 4096, { ports: [31000, 31099] }));
});

afterEach(async () => {
  await app.close();
});

const framework_info = { user: 'root', name: 'other', failover_timeout: 60, role: '*' };

/** Waits until the claim holds, letting the master's time go on meanwhile. */
async function eventually(claim: () => void): Promise<void> {
  await vi.waitFor(
    async () => {
      await cluster.settle();
      claim();
    },
    { timeout: 10_000, interval: 5 },
  );
}

async function subscribed(
  info: object = {},
  framework = new HttpFramework(port),
): Promise<{ framework: HttpFramework; id: { value: string } }> {
  await framework.subscribe({ type: 'SUBSCRIBE', subscribe: { framework_info: { ...framework_info, ...info } } });
  await eventually(() => {
    expect(framework.events[0]?.type).toBe('SUBSCRIBED');
  });
  const first = framework.events[0];
  if (first?.type !== 'SUBSCRIBED') throw new Error('not subscribed');
  return { framework, id: first.subscribed.framework_id };
}

async function offerOf(framework: HttpFramework): Promise<Offer> {
  let offer: Offer | undefined;
  await eventually(() => {
    offer = framework.events.flatMap((event) => (event.type === 'OFFERS' ? event.offers.offers : [])).at(-1);
    expect(offer).toBeDefined();
  });
  return offer as Offer;
}

describe('a framework over HTTP', () => {
  it('subscribes, gets offers, launches, hears of its task and acknowledges', async () => {
    const { framework, id } = await subscribed();
    const offer = await offerOf(framework);
    expect(offer.url?.address.ip).toBe('10.0.0.1');
    const launch = {
      type: 'ACCEPT',
      framework_id: id,
      // As some clients write: every member of the union, unset ones as null, and a bare value for a list.
      subscribe: null,
      accept: {
        offer_ids: offer.id,
        operations: { type: 'LAUNCH', launch: { task_infos: [task('t1', agent.agentId)] } },
        filters: null,
      },
    };
    const answer = await framework.call(launch);
    expect(answer).toMatchObject({ status: 202, body: '' });
    await eventually(() => {
      expect(agent.of('RUN_TASKS')[0]?.tasks[0]?.task_id.value).toBe('t1');
    });
    const uuid = Buffer.alloc(16, 7).toString('base64');
    agent.send({
      type: 'STATUS_UPDATE',
      framework_id: id,
      latest_state: 'TASK_RUNNING',
      status: {
        task_id: { value: 't1' },
        agent_id: { value: agent.agentId },
        state: 'TASK_RUNNING',
        timestamp: 1,
        uuid,
        message: 'läuft',
      },
    });
    await eventually(() => {
      expect(framework.events.at(-1)).toMatchObject({ type: 'UPDATE', update: { status: { uuid, message: 'läuft' } } });
    });
    const acknowledge = { task_id: { value: 't1' }, agent_id: { value: agent.agentId }, uuid };
    expect((await framework.call({ type: 'ACKNOWLEDGE', framework_id: id, acknowledge })).status).toBe(202);
    await eventually(() => {
      expect(agent.of('ACKNOWLEDGE_STATUS_UPDATE')).toHaveLength(1);
    });
  });

  it('gets each record as one chunk, in ASCII, from the very first heartbeat on', async () => {
    const { framework } = await subscribed();
    await eventually(() => {
      expect(framework.events.map(({ type }) => type)).toContain('HEARTBEAT');
    });
    for (const chunk of framework.chunks) expect(chunk).toMatch(/^(\d+\n\{[\x20-\x7e]*\})+$/);
    expect(framework.events[0]).toMatchObject({
      subscribed: { master_info: { ip: 1_677_721_610, port: 5050, address: { ip: '10.0.0.100' } } },
    });
  });

  it('may speak protobuf', async () => {
    const speaker = new HttpFramework(port);
    speaker.speakProtobuf();
    const { framework, id } = await subscribed({}, speaker);
    const offer = await offerOf(framework);
    const accept = {
      offer_ids: [offer.id],
      operations: [{ type: 'LAUNCH', launch: { task_infos: [task('t1', agent.agentId)] } }],
    };
    expect((await framework.call({ type: 'ACCEPT', framework_id: id, accept })).status).toBe(202);
    await eventually(() => {
      expect(agent.of('RUN_TASKS')[0]?.tasks[0]).toMatchObject({
        task_id: { value: 't1' },
        command: { value: 'sleep 1000' },
      });
    });
    const answer = await framework.post(Buffer.from('0a030a01', 'hex'));
    expect(answer).toMatchObject({ status: 400 });
    expect(answer.body).toContain('Failed to parse body into application/x-protobuf');
  });

  it('has the one health check of Mesos run with its defaults', async () => {
    const { framework, id } = await subscribed();
    const offer = await offerOf(framework);
    const info = { ...task('t1', agent.agentId), health_check: { http: { port: 31000, path: '/ok' } } };
    await framework.call({
      type: 'ACCEPT',
      framework_id: id,
      accept: { offer_ids: [offer.id], operations: [{ type: 'LAUNCH', launch: { task_infos: [info] } }] },
    });
    let launched: TaskInfo | undefined;
    await eventually(() => {
      launched = agent.of('RUN_TASKS')[0]?.tasks[0];
      expect(launched).toBeDefined();
    });
    expect(launched?.health_checks).toEqual([
      {
        type: 'HTTP',
        http: { port: 31000, path: '/ok' },
        delay_seconds: 15,
        interval_seconds: 10,
        timeout_seconds: 20,
        consecutive_failures: 3,
        grace_period_seconds: 10,
        kill_on_failure: true,
      },
    ]);
  });

  it('fails over to a second connection, and the first one hears why', async () => {
    const { framework: first, id } = await subscribed();
    const second = new HttpFramework(port);
    await second.subscribe({
      type: 'SUBSCRIBE',
      framework_id: id,
      subscribe: { framework_info: { ...framework_info, id } },
    });
    await eventually(() => {
      expect(first.ended).toBe(true);
    });
    expect(first.events.at(-1)).toEqual({ type: 'ERROR', error: { message: 'Framework failed over' } });
    expect((await first.call({ type: 'REVIVE', framework_id: id })).body).toContain(`didn't match the stream ID`);
    expect((await second.call({ type: 'REVIVE', framework_id: id })).status).toBe(202);
  });

  it('is disconnected when its stream breaks, and keeps its id', async () => {
    const { framework, id } = await subscribed();
    framework.hangUp();
    await eventually(() => {
      expect(cluster.master.view?.frameworks.get(id.value)?.subscription).toBeUndefined();
    });
    const answer = await framework.call({ type: 'REVIVE', framework_id: id });
    expect(answer).toMatchObject({ status: 403, body: 'Framework is not subscribed' });
  });

  it('hears what is wrong with its description as an event, then the end of the stream', async () => {
    const framework = new HttpFramework(port);
    await framework.subscribe({
      type: 'SUBSCRIBE',
      subscribe: { framework_info: { ...framework_info, roles: ['a'] } },
    });
    await eventually(() => {
      expect(framework.ended).toBe(true);
    });
    expect(framework.events).toHaveLength(1);
    expect(framework.events[0]?.type).toBe('ERROR');
  });
});

describe('a call that cannot be taken', () => {
  const revive = (id: string) => ({ type: 'REVIVE', framework_id: { value: id } });

  it.each([
    ['no content type', { 'Content-Type': '' }, '{}', 400, `Expecting 'Content-Type' to be present`],
    ['another content type', { 'Content-Type': 'text/xml' }, '{}', 415, `Expecting 'Content-Type' of`],
    ['no JSON', {}, '{', 400, 'Failed to parse body into application/json'],
    ['nothing', {}, '', 400, 'the body is empty'],
    ['no type', {}, '{}', 400, `Failed to validate scheduler::Call: Missing required field 'type'`],
    ['an unknown type', {}, '{"type":"FLY"}', 501, `'FLY' is no known 'type'`],
    ['an unknown framework', {}, JSON.stringify(revive('nobody')), 400, 'Framework cannot be found'],
    ['an answer that is not wanted', { Accept: 'text/html' }, '{}', 406, `Expecting 'Accept'`],
    [
      'a stream id on SUBSCRIBE',
      { 'Mesos-Stream-Id': 'x' },
      JSON.stringify({ type: 'SUBSCRIBE', subscribe: { framework_info } }),
      400,
      `Subscribe calls should not include the 'Mesos-Stream-Id' header`,
    ],
    [
      'a uuid that is none',
      {},
      JSON.stringify({
        type: 'ACKNOWLEDGE',
        framework_id: { value: 'f' },
        acknowledge: { agent_id: { value: 'a' }, task_id: { value: 't' }, uuid: 'abc' },
      }),
      400,
      'Not a valid UUID',
    ],
  ])('has %s', async (_, headers, body, status, text) => {
    const answer = await new HttpFramework(port).post(body, headers);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(text);
  });

  it('has the wrong method', async () => {
    const answer = await new HttpFramework(port).post('', {}, 'PUT');
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('POST');
  });

  it('has no stream id', async () => {
    const { framework, id } = await subscribed();
    delete framework.headers['Mesos-Stream-Id'];
    const answer = await framework.call(revive(id.value));
    expect(answer).toMatchObject({ status: 400 });
    expect(answer.body).toContain(`should include the 'Mesos-Stream-Id' header`);
  });

  it('comes before the master has started', async () => {
    const other = createMasterHttp(cluster.unstartedMaster());
    const answer = await other.inject({ method: 'POST', url: '/api/v1/scheduler', payload: revive('f') });
    expect(answer.statusCode).toBe(503);
    await other.close();
  });
});
