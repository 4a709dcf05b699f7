import { SeededRandom, delay, silentLogger } from '@stadion/base';
import { systemTimers } from '@stadion/base/system';
import { OrchestratorEvent, type DeploymentPlanInfo } from '@stadion/contract/orchestrator';
import { Value } from '@sinclair/typebox/value';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appSpec } from '../engine/testing/definitions.ts';
import { TestPlatform, valueOf } from '../engine/testing/platform.ts';
import { createOrchestratorHttp } from './server.ts';
import { listenTo, type Listener } from './testing/event-listener.ts';

let platform: TestPlatform;
let http: FastifyInstance;
let address: string;

beforeEach(async () => {
  platform = await TestPlatform.started();
  http = createOrchestratorHttp(platform.engine, {
    time: platform.time,
    random: new SeededRandom('api'),
    log: silentLogger,
    leader: () => undefined,
    ready: () => true,
  });
  address = await http.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  await http.close();
});

/** The plans that a stream has carried, by event type and deployment. */
function plansOf(listener: Listener): Map<string, DeploymentPlanInfo> {
  const plans = new Map<string, DeploymentPlanInfo>();
  for (const [, data = ''] of listener.text.matchAll(/^data: (.*)\r$/gm)) {
    const event: unknown = JSON.parse(data);
    if (!Value.Check(OrchestratorEvent, event)) throw new Error(`not an event of the contract: ${data}`);
    if ('plan' in event) plans.set(`${event.eventType} ${event.plan.id}`, event.plan);
  }
  return plans;
}

async function heard(
  listener: Listener,
  deploymentId: string,
  type = 'deployment_success',
): Promise<DeploymentPlanInfo> {
  for (;;) {
    const plan = plansOf(listener).get(`${type} ${deploymentId}`);
    if (plan !== undefined) return plan;
    await platform.time.advance(100);
    await delay(systemTimers, 0);
  }
}

test('a full plan shows the root before and after its deployment, and only to those who ask', async () => {
  await platform.put([appSpec('/other'), appSpec('/shop/db')]);
  await platform.quiet();
  const full = await listenTo(`${address}/v2/events?plan-format=full`);
  const light = await listenTo(`${address}/v2/events?plan-format=light`);
  const byDefault = await listenTo(`${address}/v2/events`);

  const { deploymentId, version } = valueOf(await platform.put([appSpec('/shop/db', { cpus: 2 })]));
  const before = { id: '/shop/db', cpus: 1 };
  const plan = await heard(full, deploymentId);
  expect(plan).toMatchObject({
    original: { id: '/', apps: [{ id: '/other' }], groups: [{ id: '/shop', apps: [before] }], pods: [] },
    target: { id: '/', version, groups: [{ id: '/shop', version, apps: [{ ...before, cpus: 2, version }] }] },
  });
  expect(plan.original?.version).toBe(plan.original?.groups[0]?.version);
  expect(plan.original?.groups[0]?.apps[0]).not.toHaveProperty('tasksRunning');
  expect(plansOf(full).get(`deployment_info ${deploymentId}`)).toEqual(plan);
  for (const other of [light, byDefault]) {
    const { id, steps, ...more } = await heard(other, deploymentId);
    expect({ id, more }).toEqual({ id: deploymentId, more: { version } });
    expect(steps).toEqual(plan.steps);
  }
});

test('events with a full plan are numbered as the others are: their reader knows where to go on', async () => {
  const full = await listenTo(`${address}/v2/events?plan-format=full`);
  const light = await listenTo(`${address}/v2/events`);
  const { deploymentId } = valueOf(await platform.put([appSpec('/other')]));
  await heard(light, deploymentId);
  await heard(full, deploymentId);
  const numbers = (listener: Listener): string[] =>
    [...listener.text.matchAll(/^event: (deployment_\w+)\r\ndata: .*\r\nid: (.*)\r$/gm)].map(
      ([, type, id]) => `${id} ${type}`,
    );
  expect(numbers(light).length).toBeGreaterThan(1);
  expect(numbers(full)).toEqual(numbers(light));
});

test('a full plan still shows what its deployment has removed', async () => {
  await platform.put([appSpec('/gone'), appSpec('/stays')]);
  await platform.quiet();
  const full = await listenTo(`${address}/v2/events?plan-format=full`);
  const { deploymentId } = valueOf(await platform.remove('/gone'));
  const plan = await heard(full, deploymentId);
  expect(plan.original?.apps.map(({ id }) => id)).toEqual(['/gone', '/stays']);
  expect(plan.target?.apps.map(({ id }) => id)).toEqual(['/stays']);
});
