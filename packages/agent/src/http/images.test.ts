import type { FastifyInstance } from 'fastify';
import { afterEach, expect, it } from 'vitest';
import type { Agent } from '../agent.ts';
import { IMAGE_PULLS_MAX, IMAGE_PULLS_SHOWN_MAX } from '../limits.ts';
import type { Containerizer, LaunchFailure, PrepareContext, PrepareSpec } from '../ports/containerizer.ts';
import { SimulatedMachine } from '../testing/simulated-agent.ts';
import { createAgentHttp } from './agent-http.ts';

/** A preparation that a test ends. */
interface Asked {
  readonly spec: PrepareSpec;
  readonly context: PrepareContext;
  readonly end: (failure?: LaunchFailure) => void;
}

let agent: Agent;
let http: FastifyInstance;
let asked: Asked[];

async function start(containerizers: readonly string[]): Promise<SimulatedMachine> {
  const machine = new SimulatedMachine(containerizers);
  asked = [];
  const prepare: NonNullable<Containerizer['prepare']> = (spec, context) =>
    new Promise((end) => asked.push({ spec, context, end: (failure) => end(failure) }));
  Object.assign(machine.containerizer, {
    prepare,
    images: async () => [{ containerizer: 'linux', name: 'there:1', digest: 'sha256:1', bytes: 5, usedAt: 0 }],
  });
  agent = await machine.startAgent();
  http = createAgentHttp(agent, { clock: machine.time, timers: machine.time });
  return machine;
}

afterEach(async () => {
  await http.close();
  await agent.stop();
});

async function pull(body: object): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const answer = await http.inject({ method: 'POST', url: '/images', payload: body });
  return { status: answer.statusCode, body: answer.json() };
}

async function listed(): Promise<{ readonly images: unknown[]; readonly pulls: Record<string, unknown>[] }> {
  return (await http.inject('/images')).json();
}

it('tells what images there are, how far a pull is, and how it ended', async () => {
  const machine = await start(['linux', 'docker']);
  expect(await pull({ image: 'web:1' })).toMatchObject({
    status: 202,
    body: { image: 'web:1', containerizer: 'linux', state: 'PULLING' },
  });
  expect(asked[0]?.spec).toEqual({
    container: { type: 'MESOS', mesos: { image: { type: 'DOCKER', docker: { name: 'web:1' }, cached: true } } },
  });
  asked[0]?.context.onProgress('half of it');
  expect(await listed()).toMatchObject({
    images: [{ name: 'there:1' }],
    pulls: [{ image: 'web:1', state: 'PULLING', message: 'half of it' }],
  });
  asked[0]?.end();
  await machine.time.advance(0);
  expect((await listed()).pulls).toMatchObject([{ image: 'web:1', state: 'PULLED' }]);
  // Asked for again it takes the place of the one before.
  await pull({ image: 'web:1', force: true });
  expect(asked[1]?.spec.container?.mesos?.image?.cached).toBe(false);
  asked[1]?.end({ ok: false, message: 'image-not-found: gone' });
  await machine.time.advance(0);
  expect((await listed()).pulls).toMatchObject([{ state: 'FAILED', message: 'image-not-found: gone' }]);
});

it('brings one image once, and goes to the containerizer that was named', async () => {
  await start(['linux', 'docker']);
  await pull({ image: 'web:1', containerizer: 'docker' });
  await pull({ image: 'web:1', containerizer: 'docker' });
  expect(asked.map(({ spec }) => spec.container)).toEqual([
    { type: 'DOCKER', docker: { image: 'web:1', force_pull_image: false } },
  ]);
  expect((await listed()).pulls).toHaveLength(1);
});

it('refuses what is no image, what nothing here can keep, and too many at a time', async () => {
  await start(['docker']);
  expect(await pull({ image: '' })).toMatchObject({ status: 400 });
  expect(await pull({})).toMatchObject({ status: 400 });
  expect(await pull({ image: 'web:1', containerizer: 'linux' })).toMatchObject({ status: 409 });
  for (let number = 0; number < IMAGE_PULLS_MAX; number += 1) await pull({ image: `web:${number}` });
  expect(await pull({ image: 'one:more' })).toMatchObject({ status: 429 });
  expect(await pull({ image: 'web:3' })).toMatchObject({ status: 202 });
});

it('remembers the latest, and gives up those under way when it stops', async () => {
  const machine = await start(['linux']);
  for (let number = 0; number < IMAGE_PULLS_SHOWN_MAX + 5; number += 1) {
    await pull({ image: `web:${number}` });
    // The first one stays under way.
    if (number > 0) asked.at(-1)?.end();
    await machine.time.advance(0);
  }
  const { pulls } = await listed();
  expect(pulls).toHaveLength(IMAGE_PULLS_SHOWN_MAX);
  expect(pulls[0]).toMatchObject({ image: `web:${IMAGE_PULLS_SHOWN_MAX + 4}` });
  expect(pulls.at(-1)).toMatchObject({ image: 'web:0', state: 'PULLING' });
  await agent.stop();
  expect(asked[0]?.context.signal.aborted).toBe(true);
});
