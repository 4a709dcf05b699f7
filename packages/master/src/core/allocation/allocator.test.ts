import { describe, expect, it } from 'vitest';
import type { Offer } from '@stadion/contract/mesos';
import { Cluster, resources, task, type ScriptedFramework } from '../../testing/cluster.ts';

/** Every framework puts one task of this size on each offer that it gets, until none comes any more. */
async function compete(
  cluster: Cluster,
  players: readonly { readonly framework: ScriptedFramework; readonly cpus: number; readonly mem: number }[],
): Promise<void> {
  const answered = new Set<string>();
  let launches = 0;
  for (let busy = true; busy;) {
    busy = false;
    for (const { framework, cpus, mem } of players) {
      for (const offer of framework.offers().filter(({ id }) => !answered.has(id.value))) {
        answered.add(offer.id.value);
        busy = true;
        launches += 1;
        if (amount(offer, 'cpus') < cpus || amount(offer, 'mem') < mem) await framework.decline([offer], 3600);
        else await framework.accept(offer, [task(`t${String(launches)}`, offer.agent_id.value, resources(cpus, mem))]);
      }
    }
    await cluster.settle();
  }
}

function amount(offer: Offer, name: string): number {
  return offer.resources.find((resource) => resource.name === name)?.scalar?.value ?? 0;
}

function tasksOf(cluster: Cluster, framework: ScriptedFramework): number {
  return cluster.master.view?.frameworks.get(framework.id)?.tasks.size ?? 0;
}

describe('dominant resource fairness', () => {
  it('equalizes dominant shares: the example of the DRF paper', async () => {
    // 9 cpus and 18 GB; A wants <1 cpu, 4 GB>, B wants <3 cpus, 1 GB>: A gets 3 tasks, B gets 2 (NSDI '11, figure 3).
    const cluster = await Cluster.start();
    const a = await cluster.framework({ role: 'a' });
    const b = await cluster.framework({ role: 'b' });
    await cluster.agent('a1', resources(9, 18_000));
    await compete(cluster, [
      { framework: a, cpus: 1, mem: 4000 },
      { framework: b, cpus: 3, mem: 1000 },
    ]);
    expect([tasksOf(cluster, a), tasksOf(cluster, b)]).toEqual([3, 2]);
  });

  it('gives a role with weight 2 twice as much', async () => {
    const cluster = await Cluster.start({ weights: { gold: 2 } });
    const gold = await cluster.framework({ role: 'gold' });
    const plain = await cluster.framework({ role: 'plain' });
    for (let index = 0; index < 3; index += 1) await cluster.agent(`a${String(index)}`, resources(10, 10_000));
    const players = [gold, plain].map((framework) => ({ framework, cpus: 1, mem: 100 }));
    await compete(cluster, players);
    expect([tasksOf(cluster, gold), tasksOf(cluster, plain)]).toEqual([20, 10]);
  });

  it('shares within a role between its frameworks, and a role counts once however many it has', async () => {
    const cluster = await Cluster.start();
    const crowd = [await cluster.framework({ role: 'crowd' }), await cluster.framework({ role: 'crowd' })];
    const single = await cluster.framework({ role: 'single' });
    await cluster.agent('a1', resources(20, 20_000));
    await compete(
      cluster,
      [...crowd, single].map((framework) => ({ framework, cpus: 1, mem: 100 })),
    );
    expect(tasksOf(cluster, single)).toBe(10);
    expect(crowd.map((framework) => tasksOf(cluster, framework))).toEqual([5, 5]);
  });

  it('weighs child roles within their parent', async () => {
    const cluster = await Cluster.start({ weights: { 'eng/prod': 3 } });
    const other = await cluster.framework({ role: 'ops' });
    const production = await cluster.framework({ role: 'eng/prod' });
    const test = await cluster.framework({ role: 'eng/test' });
    await cluster.agent('a1', resources(16, 16_000));
    await compete(
      cluster,
      [other, production, test].map((framework) => ({ framework, cpus: 1, mem: 100 })),
    );
    expect([other, production, test].map((framework) => tasksOf(cluster, framework))).toEqual([8, 6, 2]);
  });

  it('counts what is offered as allocated', async () => {
    const cluster = await Cluster.start();
    const first = await cluster.framework();
    await cluster.agent('a1');
    const second = await cluster.framework();
    await cluster.agent('a2');
    expect([first.offers().length, second.offers().length]).toEqual([1, 1]);
  });
});

describe('an offer', () => {
  it('is the whole free remainder of an agent, and there is one at a time', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1', resources(4, 4096, { ports: [31000, 31009] }));
    const framework = await cluster.framework();
    await framework.accept(framework.lastOffer(), [task('t1', agent.agentId), task('t2', agent.agentId)]);
    expect(framework.offers()).toHaveLength(2);
    await agent.update(framework.id, 't1', 'TASK_FINISHED');
    await cluster.time.advance(5_000);
    // The freed cpu waits for the answer to the offer that is out.
    expect(framework.offers()).toHaveLength(2);
    await framework.decline([framework.lastOffer()], 0);
    expect(amount(framework.lastOffer(), 'cpus')).toBe(3);
  });

  it('is not made of scraps', async () => {
    const cluster = await Cluster.start();
    await cluster.agent('tiny', resources(0.009, 31));
    const framework = await cluster.framework();
    expect(framework.offers()).toHaveLength(0);
    await cluster.agent('just', resources(0.009, 32));
    expect(framework.offers().map(({ hostname }) => hostname)).toEqual(['just']);
  });

  it('of an agent with gpus goes only to who can use them', async () => {
    const cluster = await Cluster.start();
    const plain = await cluster.framework();
    await cluster.agent('gpu', resources(4, 4096, { gpus: 2 }));
    expect(plain.offers()).toHaveLength(0);
    const aware = await cluster.framework({ capabilities: [{ type: 'GPU_RESOURCES' }] });
    expect(amount(aware.lastOffer(), 'gpus')).toBe(2);
  });

  it('is rescinded after the offer timeout when there is one', async () => {
    const cluster = await Cluster.start({ offerTimeoutMs: 10_000 });
    await cluster.agent('a1');
    const framework = await cluster.framework();
    const offer = framework.lastOffer();
    await cluster.time.advance(11_500);
    expect(framework.events).toContainEqual({ type: 'RESCIND', rescind: { offer_id: offer.id } });
    await cluster.time.advance(32_000);
    expect(framework.lastOffer().id).not.toEqual(offer.id);
  });

  it('comes in events of bounded size', async () => {
    const cluster = await Cluster.start();
    for (let index = 0; index < 620; index += 1) await cluster.agent(`a${String(index)}`);
    const framework = await cluster.framework();
    const sizes = framework.events.flatMap((event) => (event.type === 'OFFERS' ? [event.offers.offers.length] : []));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(620);
    expect(Math.max(...sizes)).toBe(500);
  });
});

describe('refusals', () => {
  it('keep the same resources away for their time, 5 seconds unless said', async () => {
    const cluster = await Cluster.start();
    await cluster.agent('a1');
    const framework = await cluster.framework();
    await framework.decline(framework.offers());
    await cluster.time.advance(4_500);
    expect(framework.offers()).toHaveLength(1);
    await cluster.time.advance(2_000);
    expect(framework.offers()).toHaveLength(2);
  });

  it('do not count once more has become free', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    const framework = await cluster.framework();
    await framework.accept(framework.lastOffer(), [task('t1', agent.agentId)], 3600);
    expect(framework.offers()).toHaveLength(1);
    await agent.update(framework.id, 't1', 'TASK_FINISHED');
    expect(amount(framework.lastOffer(), 'cpus')).toBe(4);
  });

  it('concern one framework only', async () => {
    const cluster = await Cluster.start();
    await cluster.agent('a1');
    const first = await cluster.framework();
    const second = await cluster.framework();
    await first.decline(first.offers(), 3600);
    expect(second.offers()).toHaveLength(1);
  });

  it('are forgotten by REVIVE', async () => {
    const cluster = await Cluster.start();
    await cluster.agent('a1');
    const framework = await cluster.framework();
    await framework.decline(framework.offers(), 3600);
    await framework.send({ type: 'REVIVE', framework_id: { value: framework.id } });
    expect(framework.offers()).toHaveLength(2);
  });

  it.each([
    [0, 100],
    [-1, 6_500],
    [Number.NaN, 6_500],
    [0.1, 2_500],
  ])('of %d seconds end within %d ms', async (seconds, withinMs) => {
    const cluster = await Cluster.start();
    await cluster.agent('a1');
    const framework = await cluster.framework();
    await framework.decline(framework.offers(), seconds);
    await cluster.time.advance(withinMs);
    expect(framework.offers()).toHaveLength(2);
  });
});

describe('SUPPRESS', () => {
  it('stops offers until REVIVE, and leaves those that are out', async () => {
    const cluster = await Cluster.start();
    await cluster.agent('a1');
    const framework = await cluster.framework();
    await framework.send({ type: 'SUPPRESS', framework_id: { value: framework.id } });
    await cluster.agent('a2');
    await cluster.time.advance(3_000);
    expect(framework.offers().map(({ hostname }) => hostname)).toEqual(['a1']);
    await framework.send({ type: 'REVIVE', framework_id: { value: framework.id } });
    expect(framework.offers().map(({ hostname }) => hostname)).toEqual(['a1', 'a2']);
  });

  it('works by role, from the subscription on', async () => {
    const cluster = await Cluster.start();
    const framework = await cluster.framework({ roles: ['a', 'b'], capabilities: [{ type: 'MULTI_ROLE' }] }, ['a']);
    await cluster.agent('a1');
    await cluster.agent('a2');
    expect(framework.offers().map(({ allocation_info: { role } }) => role)).toEqual(['b', 'b']);
    await framework.decline(framework.offers(), 3600);
    await framework.send({ type: 'REVIVE', framework_id: { value: framework.id }, revive: { roles: ['a'] } });
    expect(
      framework
        .offers()
        .slice(2)
        .map(({ allocation_info: { role } }) => role),
    ).toEqual(['a', 'a']);
  });
});
