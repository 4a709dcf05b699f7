/** What others do wrong, on purpose or not, is bounded and answered, and everybody else goes on. */
import { connect, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { createMasterHttp } from './http/master-http.ts';
import { CONNECTIONS_MAX } from './limits.ts';
import { Cluster, resources, task } from './testing/cluster.ts';
import { HttpFramework } from './testing/http-framework.ts';

const HOUR_MS = 3_600_000;

describe('a framework that hoards offers', () => {
  it('has them taken back after five minutes, and others are asked first', async () => {
    const cluster = await Cluster.start();
    const hoarder = await cluster.framework({ name: 'hoarder' });
    await cluster.agent('a1');
    await cluster.agent('a2');
    expect(hoarder.offers()).toHaveLength(2);
    const patient = await cluster.framework({ name: 'patient' });
    expect(patient.offers()).toHaveLength(0);
    await cluster.time.advance(302_000);
    expect(hoarder.offers()).toHaveLength(0);
    expect(patient.offers()).toHaveLength(2);
  });
});

describe('a framework that never acknowledges', () => {
  it('costs the master one record a task, whatever its agent says again', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    const framework = await cluster.framework();
    await framework.accept(framework.lastOffer(), [task('t1', agent.agentId)]);
    for (let round = 0; round < 50; round += 1) await agent.update(framework.id, 't1', 'TASK_RUNNING');
    for (let round = 0; round < 50; round += 1) await agent.update(framework.id, 't1', 'TASK_FINISHED');
    const record = cluster.master.view?.frameworks.get(framework.id);
    expect(record?.tasks.size).toBe(1);
    let states = 0;
    for (let status = record?.tasks.get('t1')?.statuses; status !== undefined; status = status.previous) states += 1;
    expect(states).toBe(2);
    // It holds nothing any more, acknowledged or not.
    expect(cluster.master.view?.agents.get(agent.agentId)?.charged.cpus).toBe(0);
  });
});

/** Ten thousand take 20 s on some machines: `STADION_TEST_CONNECTIONS=10000`. */
const CONNECTIONS = Number(process.env['STADION_TEST_CONNECTIONS'] ?? 2_000);

describe('thousands of connections', { timeout: 60_000 }, () => {
  it('are cut off at the limit; frameworks that are there go on, and whoever asks something is answered', async () => {
    const cluster = await Cluster.start();
    const app = createMasterHttp(cluster.master);
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const framework = new HttpFramework(port);
    const subscribed = framework.subscribe({
      type: 'SUBSCRIBE',
      subscribe: { framework_info: { user: '', name: 'f' } },
    });
    await vi.waitFor(async () => {
      await cluster.settle();
      expect(framework.events.length).toBeGreaterThan(0);
    });
    await subscribed;
    const open = new Set<Socket>();
    // No more at a time than the system keeps waiting for a server.
    for (let opened = 0; opened < CONNECTIONS; opened += 100) {
      const batch = Array.from({ length: 100 }, () => {
        const socket = connect(port, '127.0.0.1').resume();
        open.add(socket);
        socket.on('error', () => undefined);
        return new Promise((resolve) => {
          socket.once('connect', resolve).once('close', () => resolve(open.delete(socket)));
        });
      });
      await Promise.all(batch);
    }
    await vi.waitFor(() => expect(open.size).toBeLessThan(CONNECTIONS_MAX), { timeout: 30_000 });
    expect(open.size).toBeGreaterThan(CONNECTIONS_MAX / 2);
    // Those that say nothing make room for one that does.
    expect((await framework.post('', {}, 'GET')).status).toBe(405);
    const before = framework.events.length;
    await cluster.time.advance(11_000);
    await vi.waitFor(() => expect(framework.events.length).toBeGreaterThan(before));
    for (const socket of open) socket.destroy();
    await vi.waitFor(async () => expect((await framework.post('', {}, 'GET')).status).toBe(405), { timeout: 30_000 });
    await app.close();
  });
});

describe('an agent that lies', () => {
  it('about what it has is taken at what makes sense, and charged for what runs', async () => {
    const cluster = await Cluster.start();
    const scalar = (name: string, value: number) => ({ name, type: 'SCALAR' as const, scalar: { value } });
    const liar = await cluster.agent('liar', [
      ...[scalar('cpus', -4), scalar('mem', Number.NaN), scalar('disk', Infinity), scalar('gpus', 0.5)],
      { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 5, end: 1 }] } },
      scalar('mem', 64),
    ]);
    const framework = await cluster.framework();
    const [offer] = framework.offers();
    expect(offer?.resources.map(({ name, scalar: amount }) => [name, amount?.value])).toEqual([['mem', 64]]);
    liar.frameworks = [framework.info];
    liar.tasks = [1, 2].map((index) => ({
      framework_id: { value: framework.id },
      info: task(`t${String(index)}`, liar.agentId, resources(100, 1e6)),
      state: 'TASK_RUNNING' as const,
    }));
    await liar.disconnect();
    await liar.connect();
    expect(framework.offers()).toEqual([]);
    const record = cluster.master.view?.agents.get(liar.agentId);
    expect([record?.charged.cpus, record?.total.cpus, record?.free.cpus]).toEqual([200_000, 200_000, 0]);
  });

  it('about whose link this is, is shown the door', async () => {
    const cluster = await Cluster.start();
    const honest = await cluster.agent('a1');
    const framework = await cluster.framework();
    await framework.accept(framework.lastOffer(), [task('t1', honest.agentId)]);
    const liar = await cluster.agent('a2');
    await liar.update(framework.id, 't1', 'TASK_FINISHED');
    expect(cluster.master.view?.frameworks.get(framework.id)?.tasks.get('t1')?.state).toBe('TASK_STAGING');
  });
});

describe('a clock that is an hour off', () => {
  it.each([-HOUR_MS, HOUR_MS])('by %i ms changes neither the order of states nor who counts as lost', async (offMs) => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1');
    const framework = await cluster.framework();
    await framework.accept(framework.lastOffer(), [task('t1', agent.agentId)]);
    const say = async (state: 'TASK_STARTING' | 'TASK_RUNNING', timestampMs: number) => {
      const status = {
        task_id: { value: 't1' },
        agent_id: { value: agent.agentId },
        state,
        timestamp: timestampMs / 1000,
        uuid: `${state}-1`,
      };
      agent.send({ type: 'STATUS_UPDATE', framework_id: { value: framework.id }, status, latest_state: state });
      await cluster.settle();
    };
    await say('TASK_STARTING', cluster.time.now());
    await say('TASK_RUNNING', cluster.time.now() + offMs);
    expect(cluster.master.view?.frameworks.get(framework.id)?.tasks.get('t1')?.state).toBe('TASK_RUNNING');
    expect(framework.lastStatus('t1').state).toBe('TASK_RUNNING');
    await cluster.time.advance(60_000);
    expect(cluster.master.view?.agents.get(agent.agentId)?.link).toBeDefined();
    expect(framework.lastStatus('t1').state).toBe('TASK_RUNNING');
  });
});
