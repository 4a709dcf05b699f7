/** Quotas, weights and maintenance as frameworks and agents come to feel them. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { QuotaConfig } from '@stadion/contract/cluster-settings';
import type { Offer, Resource } from '@stadion/contract/mesos';
import { consumption } from './core/allocation/consumption.ts';
import { startMaintenance, stopMaintenance, updateSchedule } from './core/settings/maintenance.ts';
import { updateQuotas } from './core/settings/quota.ts';
import { updateWeights } from './core/settings/weights.ts';
import { Cluster, resources, task } from './testing/cluster.ts';
import { reserved } from './testing/reserved.ts';

let cluster: Cluster;
beforeEach(async () => {
  cluster = await Cluster.start();
});

async function setQuota(configs: QuotaConfig[], force = false): Promise<string | undefined> {
  const problem = await cluster.master.configure((settings, view) =>
    updateQuotas(settings, configs, force, { total: view.roles.total, consumed: consumption(view) }),
  );
  await cluster.settle();
  return problem;
}

function cpusOf(offer: Offer): number {
  return offer.resources.find(({ name }) => name === 'cpus')?.scalar?.value ?? 0;
}

describe('a quota', () => {
  it('shrinks offers to what the role may still have, and takes back what was offered before', async () => {
    await cluster.agent('a1', resources(8, 8192));
    const framework = await cluster.framework({ role: 'eng' });
    expect(cpusOf(framework.lastOffer())).toBe(8);
    expect(await setQuota([{ role: 'eng', limits: { cpus: { value: 3 } } }])).toBeUndefined();
    const offer = framework.lastOffer();
    expect(framework.offers()).toHaveLength(1);
    expect(cpusOf(offer)).toBe(3);
    await framework.accept(offer, [task('t1', offer.agent_id.value, resources(2, 128))]);
    expect(cpusOf(framework.lastOffer())).toBe(1);
  });

  it('of a role holds for all below it together', async () => {
    await cluster.agent('a1', resources(8, 8192));
    await cluster.agent('a2', resources(8, 8192));
    await setQuota([{ role: 'eng', limits: { cpus: { value: 5 } } }]);
    const dev = await cluster.framework({ role: 'eng/dev' });
    const test = await cluster.framework({ role: 'eng/test' });
    const [first] = dev.offers();
    expect(dev.offers().map(cpusOf)).toEqual([5, 0]);
    if (first === undefined) throw new Error('nothing was offered');
    await dev.accept(first, [task('t1', first.agent_id.value, resources(4, 128))], 3600);
    await dev.decline(dev.offers(), 3600);
    await cluster.time.advance(2000);
    const offered = test.offers().reduce((sum, offer) => sum + cpusOf(offer), 0);
    expect(offered).toBe(1);
  });

  it('of a role counts what is reserved for a role above it, and offers of that only what fits', async () => {
    const agent = await cluster.agent('a1', resources(8, 8192));
    const reserve = (resource: Resource[]): string | undefined =>
      cluster.master.operate(agent.agentId, { type: 'RESERVE', reserve: { resources: reserved(resource, 'eng') } });
    expect(reserve(resources(2, 128))).toBeUndefined();
    await setQuota([{ role: 'eng/dev', limits: { cpus: { value: 3 } } }]);
    const dev = await cluster.framework({
      roles: ['eng/dev'],
      capabilities: [{ type: 'MULTI_ROLE' }, { type: 'RESERVATION_REFINEMENT' }],
    });
    const cpus = (offer: Offer): number =>
      offer.resources.reduce((sum, { name, scalar }) => sum + (name === 'cpus' ? (scalar?.value ?? 0) : 0), 0);
    // Two that are reserved above, and one of anybody's.
    expect(cpus(dev.lastOffer())).toBe(3);
    expect(await setQuota([{ role: 'eng/dev', limits: { cpus: { value: 1 } } }], true)).toBeUndefined();
    await cluster.time.advance(10_000);
    expect(dev.offers().map(cpus)).toEqual([1]);
    expect(dev.lastOffer().resources.every(({ reservations = [] }) => reservations.length === 0)).toBe(true);
  });

  it('goes first to whoever has less than is guaranteed', async () => {
    const rich = await cluster.framework({ role: 'rich' });
    const poor = await cluster.framework({ role: 'poor' });
    const agent = await cluster.agent('a1', resources(4, 4096));
    await poor.decline(poor.offers(), 0);
    await setQuota([{ role: 'poor', guarantees: { cpus: { value: 4 } } }], true);
    for (const framework of [rich, poor]) await framework.decline(framework.offers(), 0);
    const offer = poor.lastOffer();
    await poor.accept(offer, [task('t1', agent.agentId, resources(1, 64))]);
    // Its share is larger now, and still it has less than it was promised.
    expect(poor.lastOffer().agent_id.value).toBe(agent.agentId);
    expect(rich.offers().at(-1)?.id.value).not.toBe(poor.lastOffer().id.value);
  });

  it.each<[string, QuotaConfig[], RegExp]>([
    ['the default role', [{ role: '*', limits: { cpus: { value: 1 } } }], /'\*' can have no quota/],
    ['an unknown resource', [{ role: 'eng', limits: { ports: { value: 1 } } }], /'ports' is not a scalar/],
    ['a negative amount', [{ role: 'eng', limits: { cpus: { value: -1 } } }], /must be a number from 0/],
    [
      'a guarantee above the limit',
      [{ role: 'eng', guarantees: { cpus: { value: 2 } }, limits: { cpus: { value: 1 } } }],
      /above its limit/,
    ],
    [
      'children that are promised more than their parent',
      [
        { role: 'eng', guarantees: { cpus: { value: 1 } } },
        { role: 'eng/dev', guarantees: { cpus: { value: 2 } } },
      ],
      /guaranteed more cpus than it is itself/,
    ],
    [
      'a child with a higher limit',
      [
        { role: 'eng', limits: { cpus: { value: 1 } } },
        { role: 'eng/dev', limits: { cpus: { value: 2 } } },
      ],
      /higher limit of cpus/,
    ],
    ['more than the cluster has', [{ role: 'eng', guarantees: { cpus: { value: 99 } } }], /set 'force'/],
  ])('cannot be %s', async (_what, configs, problem) => {
    await cluster.agent('a1', resources(4, 4096));
    expect(await setQuota(configs)).toMatch(problem);
    expect(cluster.master.view?.settings.quotas).toEqual([]);
  });

  it('below what the role holds needs force, and then grants nothing more', async () => {
    await cluster.agent('a1', resources(4, 4096));
    const framework = await cluster.framework({ role: 'eng' });
    const offer = framework.lastOffer();
    await framework.accept(offer, [task('t1', offer.agent_id.value, resources(2, 128))]);
    const limit = [{ role: 'eng', limits: { cpus: { value: 1 }, mem: { value: 1 } } }];
    expect(await setQuota(limit)).toMatch(/holds 2 cpus already/);
    expect(await setQuota(limit, true)).toBeUndefined();
    expect(framework.offers().slice(1)).toEqual([]);
  });

  it('outlives the master, and waits until most agents are back', async () => {
    const agents = [];
    for (const name of ['a1', 'a2', 'a3', 'a4']) agents.push(await cluster.agent(name, resources(4, 4096)));
    await setQuota([{ role: 'eng', limits: { cpus: { value: 6 } } }]);
    await cluster.restartMaster();
    const framework = await cluster.framework({ role: 'eng' });
    for (const agent of agents.slice(0, 2)) await agent.connect();
    await cluster.time.advance(3000);
    expect(framework.offers()).toEqual([]);
    for (const agent of agents.slice(2)) await agent.connect();
    await cluster.time.advance(3000);
    expect(framework.offers().reduce((sum, offer) => sum + cpusOf(offer), 0)).toBe(6);
  });
});

describe('weights', () => {
  it('change while the master runs, and are refused unless positive', async () => {
    const change = (weight: number) =>
      cluster.master.configure((settings) => updateWeights(settings, [{ role: 'gold', weight }]));
    await cluster.framework({ role: 'gold' });
    expect(await change(0)).toMatch(/must be positive/);
    expect(await change(3)).toBeUndefined();
    expect([...(cluster.master.view?.roles.roles() ?? [])].map(({ name, weight }) => [name, weight])).toEqual([
      ['gold', 3],
    ]);
  });
});

describe('maintenance', () => {
  const machine = { hostname: 'a1' };
  const unavailability = { start: { nanoseconds: 1e18 }, duration: { nanoseconds: 3.6e12 } };

  async function plan(): Promise<void> {
    const schedule = { windows: [{ machine_ids: [machine], unavailability }] };
    expect(await cluster.master.configure((settings) => updateSchedule(settings, schedule))).toBeUndefined();
    await cluster.settle();
  }

  it('is told in offers, and who has tasks there is asked to leave', async () => {
    const agent = await cluster.agent('a1');
    const framework = await cluster.framework();
    await framework.accept(framework.lastOffer(), [task('t1', agent.agentId)]);
    const before = framework.lastOffer();
    await plan();
    expect(framework.lastOffer().id).not.toEqual(before.id);
    expect(framework.lastOffer().unavailability).toEqual(unavailability);
    await cluster.time.advance(1500);
    const asked = framework.events.flatMap((event) =>
      event.type === 'INVERSE_OFFERS' ? event.inverse_offers.inverse_offers : [],
    );
    expect(asked).toMatchObject([{ agent_id: { value: agent.agentId }, unavailability }]);
    const statuses = () => [...(cluster.master.view?.inverseOffers.get(agent.agentId)?.values() ?? [])];
    expect(statuses()).toMatchObject([{ answer: 'UNKNOWN' }]);
    await framework.send({
      type: 'ACCEPT_INVERSE_OFFERS',
      framework_id: { value: framework.id },
      accept_inverse_offers: { inverse_offer_ids: asked.map(({ id }) => id), filters: { refuse_seconds: 3600 } },
    });
    expect(statuses()).toMatchObject([{ answer: 'ACCEPT' }]);
    await cluster.time.advance(10_000);
    expect(framework.events.filter(({ type }) => type === 'INVERSE_OFFERS')).toHaveLength(1);
  });

  it('takes agents out of the cluster, and lets them in again', async () => {
    const agent = await cluster.agent('a1');
    const framework = await cluster.framework();
    await framework.accept(framework.lastOffer(), [task('t1', agent.agentId)]);
    const start = () => cluster.master.configure((settings) => startMaintenance(settings, [machine]));
    expect(await start()).toMatch(/not part of a maintenance schedule/);
    await plan();
    expect(await start()).toBeUndefined();
    await cluster.settle();
    expect(framework.lastStatus('t1').state).toBe('TASK_GONE');
    expect(agent.of('REJECTED')).toMatchObject([{ shutdown: true }]);
    expect(agent.closed).toBe(true);
    agent.tasks = [];
    await agent.connect();
    expect(agent.of('REJECTED')).toHaveLength(2);
    expect(cluster.master.view?.agents.size).toBe(0);

    // A new master knows it too.
    await cluster.restartMaster();
    await agent.connect();
    expect(cluster.master.view?.agents.size).toBe(0);
    expect(await cluster.master.configure((settings) => updateSchedule(settings, { windows: [] }))).toMatch(/is down/);
    expect(await cluster.master.configure((settings) => stopMaintenance(settings, [machine]))).toBeUndefined();
    await agent.connect();
    expect(cluster.master.view?.agents.size).toBe(1);
    expect(cluster.master.view?.settings).toMatchObject({ schedule: { windows: [] }, down: [] });
  });
});
