import { describe, expect, it } from 'vitest';
import type { FrameworkInfo, Offer, Resource } from '@stadion/contract/mesos';
import { metrics } from './http/metrics.ts';
import type { ServedMaster } from './http/served-master.ts';
import { agentJson } from './http/shapes/agent-json.ts';
import { Cluster, resources, task, type ScriptedAgent } from './testing/cluster.ts';
import { checkInvariants } from './testing/invariants.ts';

const TAKES_REVOCABLE: Partial<FrameworkInfo> = {
  capabilities: [{ type: 'PARTITION_AWARE' }, { type: 'REVOCABLE_RESOURCES' }],
};

const lent = (value: number): Resource => ({ name: 'cpus', type: 'SCALAR', scalar: { value }, revocable: {} });
const memory = (value: number): Resource => ({ name: 'mem', type: 'SCALAR', scalar: { value } });

/** Cores of an offer: the agent's own, and those that are only lent. */
function cpusIn({ resources: offered }: Offer): [own: number, revocable: number] {
  const sum = (isRevocable: boolean): number =>
    offered
      .filter(({ name, revocable }) => name === 'cpus' && (revocable !== undefined) === isRevocable)
      .reduce((total, { scalar }) => total + (scalar?.value ?? 0), 0);
  return [sum(false), sum(true)];
}

/** The master as its pages see it. */
function served({ master, time }: Cluster): ServedMaster {
  const { view, identity, meters, waiting } = master;
  if (view === undefined) throw new Error('the master does not lead');
  return { view, identity, meters, waiting, clock: time, port: 5050, pid: 'master@10.0.0.100:5050' };
}

async function lend(cluster: Cluster, agent: ScriptedAgent, cores: number): Promise<void> {
  agent.send({ type: 'OVERSUBSCRIBED', resources: cores === 0 ? [] : [lent(cores)] });
  await cluster.settle();
  const { view } = cluster.master;
  if (view !== undefined) checkInvariants(view);
}

describe('revocable cpus', () => {
  it('are offered to those who take them, and to nobody else', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    await lend(cluster, agent, 3);
    const plain = await cluster.framework();
    expect(cpusIn(plain.lastOffer())).toEqual([4, 0]);
    await plain.decline(plain.offers(), 3600);
    const batch = await cluster.framework(TAKES_REVOCABLE);
    expect(cpusIn(batch.lastOffer())).toEqual([4, 3]);
  });

  it('are offered when everything else is taken', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    const framework = await cluster.framework(TAKES_REVOCABLE);
    await framework.accept(framework.lastOffer(), [task('web', agent.agentId, resources(4, 4096))]);
    await lend(cluster, agent, 2);
    expect(cpusIn(framework.lastOffer())).toEqual([0, 2]);
  });

  it('are taken back from offers when the agent lends less, and what runs stays counted', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    await lend(cluster, agent, 3);
    const framework = await cluster.framework(TAKES_REVOCABLE);
    await framework.accept(framework.lastOffer(), [task('b1', agent.agentId, [lent(1), memory(64)])]);
    const second = framework.lastOffer();
    expect(cpusIn(second)).toEqual([4, 2]);
    await lend(cluster, agent, 2);
    expect(framework.offers().map(({ id }) => id)).not.toContainEqual(second.id);
    expect(cluster.master.view?.counters.offersRescinded).toBe(1);
    expect(cpusIn(framework.lastOffer())).toEqual([4, 1]);
    // The old offer is worth nothing.
    await framework.accept(second, [task('b2', agent.agentId, [lent(2), memory(64)])]);
    expect(framework.lastStatus('b2').state).toBe('TASK_DROPPED');

    await lend(cluster, agent, 0);
    expect(cpusIn(framework.lastOffer())).toEqual([4, 0]);
    const { view } = cluster.master;
    expect(agentJson(view!, view!.agents.get(agent.agentId)!)).toMatchObject({
      resources: { cpus: 4, cpus_revocable: 1 },
      used_resources: { cpus: 0, mem: 64, cpus_revocable: 1 },
    });
    await framework.acknowledge(await agent.update(framework.id, 'b1', 'TASK_GONE'));
    checkInvariants(view!);
    expect(metrics(served(cluster))).toMatchObject({
      'master/cpus_total': 4,
      'master/cpus_revocable_total': 0,
      'master/cpus_revocable_used': 0,
    });
  });

  it('do not go together with others in one task', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    await lend(cluster, agent, 3);
    const framework = await cluster.framework(TAKES_REVOCABLE);
    await framework.accept(framework.lastOffer(), [
      task('mixed', agent.agentId, [lent(1), ...resources(1, 64)]),
      task('greedy', agent.agentId, [lent(4), memory(64)]),
      task('modest', agent.agentId, [lent(2), memory(64)]),
    ]);
    expect(framework.lastStatus('mixed')).toMatchObject({
      state: 'TASK_ERROR',
      message: `Task uses invalid resources: Cannot use both revocable and non-revocable 'cpus' at the same time`,
    });
    expect(framework.lastStatus('greedy').message).toMatch(/revocable cpus 4 of 3$/);
    const launched = agent.of('RUN_TASKS').flatMap(({ tasks }) => tasks.map(({ task_id: id }) => id.value));
    expect(launched).toEqual(['modest']);
    const { view } = cluster.master;
    checkInvariants(view!);
    // Nobody's share: what is lent today may be gone tomorrow.
    expect(view!.roles.total.cpus).toBe(4000);
    expect(metrics(served(cluster))).toMatchObject({
      'master/cpus_used': 0,
      'master/cpus_revocable_total': 3,
      'master/cpus_revocable_used': 2,
    });
  });

  it('are forgotten with the link of their agent until it says so again', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    const framework = await cluster.framework(TAKES_REVOCABLE);
    await lend(cluster, agent, 3);
    await agent.disconnect();
    await agent.connect();
    expect(cpusIn(framework.lastOffer())).toEqual([4, 0]);
    await lend(cluster, agent, 1);
    await framework.decline(framework.offers(), 0);
    expect(cpusIn(framework.lastOffer())).toEqual([4, 1]);
  });

  it('are taken back from a framework that does not take them any more', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    await lend(cluster, agent, 3);
    const framework = await cluster.framework(TAKES_REVOCABLE);
    expect(cpusIn(framework.lastOffer())).toEqual([4, 3]);
    await framework.send({
      type: 'UPDATE_FRAMEWORK',
      framework_id: { value: framework.id },
      update_framework: { framework_info: { ...framework.info, capabilities: [{ type: 'PARTITION_AWARE' }] } },
    });
    await cluster.time.advance(1_000);
    checkInvariants(cluster.master.view!);
    expect(framework.offers().map(cpusIn)).toEqual([[4, 0]]);
  });

  it('end as TASK_LOST for those who know no other losses', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    await lend(cluster, agent, 3);
    const framework = await cluster.framework({ capabilities: [{ type: 'REVOCABLE_RESOURCES' }] });
    await framework.accept(framework.lastOffer(), [task('b1', agent.agentId, [lent(1), memory(64)])]);
    await agent.update(framework.id, 'b1', 'TASK_GONE');
    expect(framework.lastStatus('b1').state).toBe('TASK_LOST');
  });
});
