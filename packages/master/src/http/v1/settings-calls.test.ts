/** Quotas, weights, maintenance and descriptions of frameworks over HTTP, in both forms and on the older paths. */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeProtobuf, encodeProtobuf } from '@stadion/contract/mesos-wire';
import { Cluster, resources, task } from '../../testing/cluster.ts';
import { HttpFramework } from '../../testing/http-framework.ts';
import { createMasterHttp } from '../master-http.ts';

let cluster: Cluster;
let app: FastifyInstance;

beforeEach(async () => {
  cluster = await Cluster.start();
  app = createMasterHttp(cluster.master);
  await app.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  await app.close();
});

/** Sends a call of the operator API and gives its status and, where there is one, its answer. */
async function ask(call: object): Promise<{ status: number; body: string; json: () => Record<string, unknown> }> {
  const answer = app.inject({ method: 'POST', url: '/api/v1', payload: call });
  await cluster.settle();
  const { statusCode, body, json } = await answer;
  return { status: statusCode, body, json: () => json<Record<string, unknown>>() };
}

const limits = { cpus: { value: 2 } };

describe('the operator API', () => {
  it('sets, shows and takes away a quota', async () => {
    await cluster.agent('a1', resources(4, 4096));
    expect(
      (await ask({ type: 'UPDATE_QUOTA', update_quota: { quota_configs: [{ role: 'eng', limits }] } })).status,
    ).toBe(200);
    expect((await ask({ type: 'GET_QUOTA' })).json()).toEqual({
      type: 'GET_QUOTA',
      get_quota: { status: { infos: [{ role: 'eng', guarantee: [] }], configs: [{ role: 'eng', limits }] } },
    });
    expect((await ask({ type: 'REMOVE_QUOTA', remove_quota: { role: 'eng' } })).status).toBe(200);
    expect((await ask({ type: 'GET_QUOTA' })).json()).toMatchObject({ get_quota: { status: { configs: [] } } });
    const wrong = await ask({ type: 'UPDATE_QUOTA', update_quota: { quota_configs: [{ limits }] } });
    expect(wrong).toMatchObject({ status: 400, body: expect.stringContaining('quota_configs[0].role') as string });
  });

  it('speaks protobuf of quotas', async () => {
    const headers = { 'Content-Type': 'application/x-protobuf', Accept: 'application/x-protobuf' };
    const send = async (call: object) => {
      const payload = Buffer.from(encodeProtobuf('OperatorCall', call));
      const answer = app.inject({ method: 'POST', url: '/api/v1', headers, payload });
      await cluster.settle();
      return answer;
    };
    const update_quota = { quota_configs: [{ role: 'eng', limits }] };
    expect((await send({ type: 'UPDATE_QUOTA', update_quota })).statusCode).toBe(200);
    expect(decodeProtobuf('OperatorResponse', (await send({ type: 'GET_QUOTA' })).rawPayload)).toMatchObject({
      get_quota: { status: { configs: [{ role: 'eng', limits }] } },
    });
  });

  it('plans and carries out maintenance', async () => {
    const agent = await cluster.agent('a1');
    const framework = await cluster.framework();
    await framework.accept(framework.lastOffer(), [task('t1', agent.agentId)]);
    const machines = [{ hostname: 'a1', ip: '10.0.0.1' }];
    const schedule = { windows: [{ machine_ids: machines, unavailability: { start: { nanoseconds: 5e17 } } }] };
    expect((await ask({ type: 'START_MAINTENANCE', start_maintenance: { machines } })).status).toBe(400);
    const update = { type: 'UPDATE_MAINTENANCE_SCHEDULE', update_maintenance_schedule: { schedule } };
    expect((await ask(update)).status).toBe(200);
    expect((await ask({ type: 'GET_MAINTENANCE_SCHEDULE' })).json()).toMatchObject({
      get_maintenance_schedule: { schedule },
    });
    await cluster.time.advance(1500);
    expect((await ask({ type: 'GET_MAINTENANCE_STATUS' })).json()).toMatchObject({
      get_maintenance_status: {
        status: {
          draining_machines: [
            { id: machines[0], statuses: [{ status: 'UNKNOWN', framework_id: { value: framework.id } }] },
          ],
          down_machines: [],
        },
      },
    });
    expect((await ask({ type: 'START_MAINTENANCE', start_maintenance: { machines } })).status).toBe(200);
    expect((await ask({ type: 'GET_MAINTENANCE_STATUS' })).json()).toMatchObject({
      get_maintenance_status: { status: { draining_machines: [], down_machines: machines } },
    });
    expect((await ask({ type: 'STOP_MAINTENANCE', stop_maintenance: { machines } })).status).toBe(200);
  });
});

describe('the older paths', () => {
  it.each(['', '/master'])('%s/weights, /quota, /maintenance and /machine', async (prefix) => {
    const call = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object) => {
      const answer = app.inject({ method, url: prefix + url, ...(payload === undefined ? {} : { payload }) });
      await cluster.settle();
      return answer;
    };
    await cluster.agent('a1', resources(4, 4096));
    expect((await call('PUT', '/weights', [{ role: 'eng', weight: 2.5 }])).statusCode).toBe(200);
    expect((await call('GET', '/weights')).json()).toEqual([{ role: 'eng', weight: 2.5 }]);
    expect((await call('PUT', '/weights', [{ role: 'eng', weight: -1 }])).statusCode).toBe(400);

    const guarantee = [{ name: 'cpus', type: 'SCALAR', scalar: { value: 2 } }];
    expect((await call('POST', '/quota', { role: 'eng', guarantee })).statusCode).toBe(200);
    expect((await call('GET', '/quota')).json()).toMatchObject({ infos: [{ role: 'eng', guarantee }] });
    expect((await call('POST', '/quota', { role: 'eng/dev', guarantee })).statusCode).toBe(400);
    const tooMuch = [{ name: 'cpus', type: 'SCALAR', scalar: { value: 99 } }];
    expect((await call('POST', '/quota', { role: 'ops', guarantee: tooMuch })).statusCode).toBe(409);
    expect((await call('DELETE', '/quota/eng')).statusCode).toBe(200);
    expect((await call('GET', '/quota')).json()).toEqual({ infos: [], configs: [] });

    const machines = [{ hostname: 'a1', ip: '10.0.0.1' }];
    const windows = [{ machine_ids: machines, unavailability: { start: { nanoseconds: 1 } } }];
    expect((await call('POST', '/maintenance/schedule', { windows })).statusCode).toBe(200);
    expect((await call('GET', '/maintenance/schedule')).json()).toEqual({ windows });
    expect((await call('POST', '/machine/down', machines)).statusCode).toBe(200);
    expect((await call('GET', '/maintenance/status')).json()).toEqual({
      draining_machines: [],
      down_machines: machines,
    });
    expect((await call('POST', '/machine/up', machines)).statusCode).toBe(200);
    expect((await call('POST', '/machine/up', machines)).statusCode).toBe(400);
  });

  it('says that a body is no JSON', async () => {
    const answer = await app.inject({ method: 'POST', url: '/machine/down', payload: 'a1' });
    expect(answer).toMatchObject({ statusCode: 400, body: 'The body is not JSON.\n' });
  });
});

describe('UPDATE_FRAMEWORK', () => {
  it('changes roles as one, and refuses what cannot change', async () => {
    await cluster.agent('a1');
    const framework = new HttpFramework((app.server.address() as AddressInfo).port);
    const info = { user: 'u', name: 'one', roles: ['a'], capabilities: [{ type: 'MULTI_ROLE' }] };
    await framework.subscribe({ type: 'SUBSCRIBE', subscribe: { framework_info: info } });
    await expect
      .poll(async () => {
        await cluster.settle();
        return framework.events.map(({ type }) => type);
      })
      .toContain('OFFERS');
    const [id] = framework.events.flatMap((event) =>
      event.type === 'SUBSCRIBED' ? [event.subscribed.framework_id] : [],
    );
    const update = (change: object) =>
      framework.call({
        type: 'UPDATE_FRAMEWORK',
        framework_id: id,
        update_framework: { framework_info: { ...info, id, ...change }, suppressed_roles: [] },
      });
    expect(await update({ user: 'other' })).toMatchObject({ status: 400, body: /FrameworkInfo.user/ });
    expect((await update({ roles: ['b', 'b'] })).status).toBe(400);
    expect((await update({ name: 'two', roles: ['b'] })).status).toBe(200);
    await cluster.settle();
    const known = cluster.master.view?.frameworks.get(id?.value ?? '');
    expect(known?.info.name).toBe('two');
    expect([...(known?.offers ?? [])].map(({ role }) => role)).toEqual(['b']);
    framework.hangUp();
  });
});
