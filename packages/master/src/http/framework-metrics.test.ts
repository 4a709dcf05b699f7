import { afterEach, describe, expect, it } from 'vitest';
import type { FastifyInstance } from 'fastify';
import { MetricsSnapshot } from '@stadion/contract/mesos-state';
import { Value } from '@sinclair/typebox/value';
import { updateQuotas } from '../core/settings/quota.ts';
import { ABSENT_FRAMEWORKS_MEASURED_MAX } from '../limits.ts';
import { Cluster, resources, task } from '../testing/cluster.ts';
import { createMasterHttp } from './master-http.ts';

let app: FastifyInstance | undefined;

afterEach(async () => {
  await app?.close();
});

async function snapshot(): Promise<Record<string, number>> {
  const answer = await (app as FastifyInstance).inject({ method: 'GET', url: '/metrics/snapshot' });
  const metrics: unknown = answer.json();
  expect(Value.Check(MetricsSnapshot, metrics)).toBe(true);
  return metrics as Record<string, number>;
}

/** Without what they begin with. */
function below(metrics: Readonly<Record<string, number>>, prefix: string): Record<string, number> {
  const own = Object.entries(metrics).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

async function scene() {
  const cluster = await Cluster.start();
  app = createMasterHttp(cluster.master);
  const agent = await cluster.agent('a1', resources(4, 4096));
  const framework = await cluster.framework({
    name: 'front end/å~',
    roles: ['eng/dev'],
    capabilities: [{ type: 'PARTITION_AWARE' }, { type: 'MULTI_ROLE' }],
  });
  return { cluster, agent, framework, prefix: `master/frameworks/front%20end%2F%C3%A5%7E/${framework.id}/` };
}

describe('metrics of a framework', () => {
  it('count its calls, events, offers, operations and tasks, under its name as Mesos writes it', async () => {
    const { agent, framework, prefix } = await scene();
    await framework.decline(framework.offers(), 0);
    await framework.accept(framework.lastOffer(), [
      task('runs', agent.agentId),
      task('ends', agent.agentId),
      task('too-large', agent.agentId, resources(400, 1)),
    ]);
    await agent.update(framework.id, 'runs', 'TASK_RUNNING');
    await framework.acknowledge(await agent.update(framework.id, 'ends', 'TASK_FINISHED'));
    const metrics = below(await snapshot(), prefix);
    expect(metrics).toMatchObject({
      subscribed: 1,
      calls: 4,
      'calls/subscribe': 1,
      'calls/decline': 1,
      'calls/accept': 1,
      'calls/acknowledge': 1,
      'calls/teardown': 0,
      'events/subscribed': 1,
      'events/update': 3,
      'events/rescind': 0,
      'offers/declined': 1,
      'offers/accepted': 1,
      'offers/rescinded': 0,
      operations: 1,
      'operations/launch': 1,
      'operations/launch_group': 0,
      'tasks/active/task_running': 1,
      'tasks/active/task_staging': 0,
      'tasks/active/task_unreachable': 0,
      'tasks/terminal/task_finished': 1,
      'tasks/terminal/task_error': 1,
      'tasks/terminal/task_killed': 0,
      'roles/eng/dev/suppressed': 0,
    });
    const sent = framework.events.filter(({ type }) => type === 'OFFERS');
    expect(metrics['events/offers']).toBe(sent.length);
    expect(metrics['offers/sent']).toBe(
      sent.flatMap((event) => (event.type === 'OFFERS' ? event.offers.offers : [])).length,
    );
    expect(metrics['events']).toBe(framework.events.length);
  });

  it('are counted apart for each, and tasks that are dropped count as ended', async () => {
    const { cluster, agent, framework, prefix } = await scene();
    const other = await cluster.framework({ name: 'other' });
    const offer = framework.lastOffer();
    await framework.decline([offer], 0);
    await framework.accept(offer, [task('late', agent.agentId)]);
    const metrics = await snapshot();
    expect(metrics).toMatchObject({ 'master/tasks_dropped': 1, 'master/offers_declined': 1 });
    expect(below(metrics, prefix)).toMatchObject({ 'tasks/terminal/task_dropped': 1, 'offers/accepted': 0 });
    expect(below(metrics, `master/frameworks/other/${other.id}/`)).toMatchObject({
      calls: 1,
      'tasks/terminal/task_dropped': 0,
      'offers/declined': 0,
    });
  });

  it('count tasks of agents that are away, and rescinded offers', async () => {
    const { cluster, agent, framework, prefix } = await scene();
    await framework.accept(framework.lastOffer(), [task('away', agent.agentId)]);
    await agent.disconnect();
    await cluster.time.advance(600_000);
    expect(below(await snapshot(), prefix)).toMatchObject({
      'offers/rescinded': 1,
      'events/rescind': 1,
      'tasks/active/task_staging': 0,
      'tasks/active/task_unreachable': 1,
    });
  });

  it('stay while it is away and leave when it is removed', async () => {
    const { cluster, framework, prefix } = await scene();
    await framework.close();
    expect(below(await snapshot(), prefix)).toMatchObject({ subscribed: 0, 'calls/subscribe': 1 });
    await framework.subscribe();
    expect(below(await snapshot(), prefix)).toMatchObject({ subscribed: 1, 'calls/subscribe': 2 });
    cluster.master.teardown(framework.id);
    await cluster.settle();
    expect(Object.keys(await snapshot()).filter((name) => name.startsWith('master/frameworks/'))).toEqual([]);
  });

  it('are bounded where many are away: those say no more than that', async () => {
    const { cluster, prefix } = await scene();
    const absent: string[] = [];
    for (let index = 0; index <= ABSENT_FRAMEWORKS_MEASURED_MAX; index += 1) {
      const framework = await cluster.framework({ name: 'batch', failover_timeout: 1e6 });
      await framework.close();
      absent.push(`master/frameworks/batch/${framework.id}/`);
    }
    const metrics = await snapshot();
    expect(below(metrics, absent.at(-2) ?? '')).toMatchObject({ subscribed: 0, calls: 1 });
    expect(below(metrics, absent.at(-1) ?? '')).toEqual({ subscribed: 0 });
    expect(below(metrics, prefix)).toMatchObject({ subscribed: 1, calls: 1 });
  });
});

describe('metrics of the allocator', () => {
  it('tell what quotas promise, bind and have given out', async () => {
    const { cluster, agent, framework } = await scene();
    const problem = await cluster.master.configure((settings, view) =>
      updateQuotas(
        settings,
        [{ role: 'eng', guarantees: { cpus: { value: 1.5 } }, limits: { cpus: { value: 3 }, mem: { value: 4096 } } }],
        true,
        { total: view.roles.total, consumed: () => ({ cpus: 0, gpus: 0, mem: 0, disk: 0 }) },
      ),
    );
    expect(problem).toBeUndefined();
    await framework.decline(framework.offers(), 0);
    await framework.accept(framework.lastOffer(), [task('one', agent.agentId, resources(2, 512))]);
    const metrics = below(await snapshot(), 'allocator/mesos/quota/roles/');
    expect(metrics).toEqual({
      'eng/resources/cpus/guarantee': 1.5,
      'eng/resources/cpus/limit': 3,
      'eng/resources/cpus/offered_or_allocated': 3,
      'eng/resources/cpus/consumed': 2,
      'eng/resources/mem/limit': 4096,
      'eng/resources/mem/offered_or_allocated': 4096,
      'eng/resources/mem/consumed': 512,
    });
  });

  it('count the refusals of a role that hold', async () => {
    const { cluster, framework } = await scene();
    const refusals = async () => below(await snapshot(), 'allocator/mesos/offer_filters/roles/');
    expect(await refusals()).toEqual({ 'eng/active': 0, 'eng/dev/active': 0 });
    await framework.decline(framework.offers(), 3600);
    expect(await refusals()).toEqual({ 'eng/active': 0, 'eng/dev/active': 1 });
    await framework.send({ type: 'REVIVE', framework_id: { value: framework.id } });
    expect(await refusals()).toEqual({ 'eng/active': 0, 'eng/dev/active': 0 });
    await framework.decline(framework.offers(), 10);
    expect(await refusals()).toMatchObject({ 'eng/dev/active': 1 });
    await cluster.time.advance(10_000);
    expect(await refusals()).toMatchObject({ 'eng/dev/active': 0 });
  });

  it('are the same by GET_METRICS', async () => {
    const { prefix } = await scene();
    const answer = await (app as FastifyInstance).inject({
      method: 'POST',
      url: '/api/v1',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      payload: JSON.stringify({ type: 'GET_METRICS' }),
    });
    const { get_metrics: told } = answer.json<{ get_metrics: { metrics: { name: string; value: number }[] } }>();
    expect(told.metrics).toContainEqual({ name: `${prefix}calls`, value: 1 });
  });
});
