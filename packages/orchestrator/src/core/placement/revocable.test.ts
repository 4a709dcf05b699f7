import { SeededRandom } from '@stadion/base';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { describe, expect, it } from 'vitest';
import { buildTaskInfo } from '../task/task-info.ts';
import { makeSpec } from '../app/testing/make-app.ts';
import { standardDefaults } from '../app/spec.ts';
import { validateApp } from '../app/validate.ts';
import { matchOffers } from './matcher.ts';
import { anApp, aPreparedOffer } from './testing/builders.ts';

const BATCH = { id: '/batch', labels: { 'stadion.resources': 'revocable' } };

/** How many instances of each app find a place on one agent with so many cpus of its own and so many lent ones. */
function placed(own: number, lent: number, apps: Partial<AppDefinition>[]): { counts: number[]; sentences: string[] } {
  const revocable = { name: 'cpus', type: 'SCALAR' as const, scalar: { value: lent }, revocable: {} };
  const offer = aPreparedOffer({ host: 'n1', cpus: own, moreResources: [revocable] });
  const requests = apps.map((changes) => ({ app: anApp(changes), count: 10, placed: [] }));
  const { placements, tallies } = matchOffers(requests, [offer], new SeededRandom('revocable'), {
    maxInstancesPerOffer: 100,
  });
  return {
    counts: apps.map((_, index) => placements.filter(({ request }) => request === index).length),
    sentences: [...tallies.values()].flatMap(({ explanations }) =>
      [...explanations.values()].map((each) => each.message),
    ),
  };
}

describe('apps on revocable cpus', () => {
  it('take those only, and others none of them', () => {
    expect(placed(2, 3, [BATCH, { id: '/web' }]).counts).toEqual([3, 2]);
    expect(placed(4, 0, [BATCH]).counts).toEqual([0]);
    expect(placed(0, 4, [{ id: '/web' }]).counts).toEqual([0]);
  });

  it('say which cpus they wait for', () => {
    expect(placed(4, 0.5, [BATCH]).sentences).toEqual(['needs 1 revocable cpus, the most free on one agent is 0.5']);
  });

  it('are launched on revocable cpus and ordinary memory', () => {
    const launch = { agentId: { value: 'a' }, hostname: 'n1', hostPorts: [], role: '*', instanceId: 'i', taskId: 't' };
    const { resources } = buildTaskInfo({ ...launch, app: anApp(BATCH), random: new SeededRandom('ports') });
    expect(resources.map(({ name, revocable }) => [name, revocable])).toEqual([
      ['cpus', {}],
      ['mem', undefined],
    ]);
  });

  it('say so by one word, and keep no volumes', () => {
    const problems = (labels: Record<string, string>, container = {}): string[] =>
      validateApp(makeSpec({ id: '/app', cmd: 'run', labels, ...container }), undefined, standardDefaults).map(
        ({ path }) => path,
      );
    expect(problems(BATCH.labels)).toEqual([]);
    expect(problems({ 'stadion.resources': 'spare' })).toEqual(['/labels/stadion.resources']);
    const volumes = [{ containerPath: 'data', mode: 'RW' as const, persistent: { size: 10 } }];
    expect(problems(BATCH.labels, { container: { type: 'MESOS', volumes } })).toEqual(['/labels/stadion.resources']);
  });
});
