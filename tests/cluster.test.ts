import { join } from 'node:path';
import { systemClock } from '@stadion/base/system';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster, canMakeCluster } from './support/cluster.ts';
import { EventRecorder } from './support/event-recorder.ts';
import { callJson, waitFor } from './support/running-platform.ts';

describe.skipIf(!canMakeCluster())('a cluster of three servers and three agents', { timeout: 240_000 }, () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await Cluster.start({ servers: 3, agents: 3 });
    await cluster.change('PUT', '/v2/apps/web', {
      cmd: 'exec sleep 100000',
      cpus: 0.1,
      mem: 32,
      instances: 6,
      constraints: [['hostname', 'GROUP_BY']],
      unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
    });
  }, 240_000);

  afterAll(async () => {
    await cluster.stop();
  }, 120_000);

  /** The ids of the running tasks, in order; waits until there are so many, all running. */
  async function runningTasks(count: number): Promise<string[]> {
    return waitFor(
      `${String(count)} tasks run`,
      async () => {
        const tasks = await cluster.tasks('/web');
        const running = tasks.filter(({ state }) => state === 'TASK_RUNNING');
        return running.length === count && tasks.length === count && running.map(({ id }) => id).sort();
      },
      90_000,
    );
  }

  test('is reached through every server, errors and event streams too', async () => {
    const leader = await cluster.leader();
    const other = cluster.servers.find((server) => server !== leader);
    for (const server of cluster.servers) {
      expect((await cluster.call('GET', '/v2/apps/web', undefined, server)).body.app.instances).toBe(6);
      const refused = await cluster.call('POST', '/v2/apps', { id: '/Bad', cmd: 'x' }, server);
      expect([refused.status, refused.body.message]).toEqual([422, 'Object is not valid']);
      expect((await cluster.ask('/state', server)).body.leader).toBe(`master@${leader.machine.address}:5050`);
      const info = await cluster.call('GET', '/v2/leader', undefined, server);
      expect(info.body.leader).toBe(`${leader.machine.address}:8080`);
    }
    const events = await EventRecorder.open(`${other?.url ?? ''}:8080`, '', cluster.headers);
    await cluster.change('PUT', '/v2/apps/other', { cmd: 'exec sleep 1000', cpus: 0.1, mem: 32 });
    await events.until('the event came through', ({ name }) => name === 'deployment_success');
    events.close();
    await cluster.change('DELETE', '/v2/apps/other');
  });

  test('lets in nobody from another machine who does not show the secret', async () => {
    const leader = await cluster.leader();
    for (const { url } of cluster.nodes) {
      const ports =
        url === leader.url
          ? [8080, 5050]
          : cluster.servers.some((server) => server.url === url)
            ? [8080, 5050]
            : [5051];
      for (const port of ports) {
        for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: 'Basic eDp5' }]) {
          const answer = await callJson(`${url}:${String(port)}/state`, 'GET', undefined, headers);
          expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="stadion"']);
        }
      }
    }
    expect((await callJson(`${leader.url}:5050/health`)).status).toBe(200);
  });

  test('goes on under another server when the leader is killed, with the same tasks, and takes new work', async () => {
    const before = await runningTasks(6);
    const leader = await cluster.leader();
    const killedAt = systemClock.monotonic();
    await cluster.kill(leader);
    await cluster.change('PUT', '/v2/apps/after', { cmd: 'exec sleep 1000', cpus: 0.1, mem: 32 });
    const tookMs = systemClock.monotonic() - killedAt;
    const next = await cluster.leader();
    expect(next).not.toBe(leader);
    expect(await runningTasks(6)).toEqual(before);
    expect(tookMs).toBeLessThan(30_000);
    cluster.launch(leader);
    await waitFor(
      'the killed server follows',
      async () => {
        const answer = await cluster.call('GET', '/v2/apps/after', undefined, leader).catch(() => undefined);
        return answer?.status === 200;
      },
      60_000,
    );
    await cluster.change('DELETE', '/v2/apps/after');
  });

  test('keeps what runs, and what was acknowledged, when all servers are killed at once', async () => {
    const before = await runningTasks(6);
    await cluster.change('PUT', '/v2/apps/kept', { cmd: 'exec sleep 1000', cpus: 0.1, mem: 32, instances: 0 });
    await Promise.all(cluster.servers.map((server) => cluster.kill(server)));
    for (const server of cluster.servers) cluster.launch(server);
    await cluster.leader();
    expect((await cluster.callAny('GET', '/v2/apps/kept'))?.status).toBe(200);
    await cluster.registered(3);
    expect(await runningTasks(6)).toEqual(before);
    await cluster.change('DELETE', '/v2/apps/kept');
  });

  test('goes on when a ZooKeeper is killed', async () => {
    const before = await runningTasks(6);
    await cluster.zooKeepers.signal(1, 'SIGKILL');
    await cluster.change('PUT', '/v2/apps/during', { cmd: 'exec sleep 1000', cpus: 0.1, mem: 32 });
    await cluster.change('DELETE', '/v2/apps/during');
    cluster.zooKeepers.launch(1);
    await cluster.zooKeepers.serving(1);
    expect(await runningTasks(6)).toEqual(before);
  });

  test('replaces what an agent ran that is cut off, and ends the surplus when it returns', async () => {
    await runningTasks(6);
    const [agent] = cluster.agents;
    if (agent === undefined) throw new Error('there is an agent');
    await cluster.machines.cut(agent.machine);
    const cutAt = systemClock.monotonic();
    await waitFor(
      'six run elsewhere',
      async () => {
        const tasks = await cluster.tasks('/web');
        const elsewhere = tasks.filter(({ state, host }) => state === 'TASK_RUNNING' && host !== agent.machine.address);
        return elsewhere.length >= 6;
      },
      60_000,
    );
    const tookMs = systemClock.monotonic() - cutAt;
    expect(tookMs).toBeLessThan(40_000);
    await cluster.machines.mend(agent.machine);
    await cluster.registered(3);
    await runningTasks(6);
    await cluster.settled();
    // Neither both copies nor ghosts: what the agents run is what the orchestrator knows.
    await waitFor('the agents run what is known', async () => {
      const known = await runningTasks(6);
      const run = await Promise.all(
        cluster.agents.map(async ({ url }) => {
          const { body } = await callJson(`${url}:5051/state`, 'GET', undefined, cluster.headers);
          return body.frameworks.flatMap((framework: { executors: { id: string }[] }) =>
            framework.executors.map(({ id }) => id),
          );
        }),
      );
      return JSON.stringify(run.flat().sort()) === JSON.stringify(known);
    });
  });

  test('empties a node without fewer running meanwhile, gives it no work, and takes it in again', async () => {
    await runningTasks(6);
    const [node] = cluster.agents;
    const address = node?.machine.address ?? '';
    await waitFor(
      'something runs there',
      async () => {
        if ((await cluster.tasks('/web')).some(({ host }) => host === address)) return true;
        // After earlier faults all may be elsewhere: a restart spreads them again.
        await cluster.change('POST', '/v2/apps/web/restart', {});
        return false;
      },
      90_000,
    );
    let fewest = 6;
    let isDone = false;
    const watching = (async () => {
      while (!isDone) {
        const tasks = await cluster.tasks('/web');
        fewest = Math.min(fewest, tasks.filter(({ state }) => state === 'TASK_RUNNING').length);
      }
    })();
    const drained = await cluster.cli('node', 'drain', address, '--timeout', '90s');
    isDone = true;
    await watching;
    expect([drained.code, drained.stdout]).toEqual([0, `${address} is empty.\n`]);
    expect(fewest).toBe(6);
    expect((await runningTasks(6)).length).toBe(6);
    expect((await cluster.tasks('/web')).map(({ host }) => host)).not.toContain(address);
    const listed = await cluster.cli('node', 'list');
    expect(listed.stdout).toMatch(new RegExp(`${address}.*drained`));
    expect((await cluster.cli('node', 'uncordon', address)).code).toBe(0);
    await cluster.registered(3);
  });

  test('takes in another machine with one line', async () => {
    const server = await cluster.leader();
    const machine = cluster.machines.machines.at(-1);
    const last = cluster.agents.at(-1);
    if (machine === undefined || last === undefined) throw new Error('there is an agent');
    await cluster.kill(last, 'SIGUSR2');
    const told = await cluster.cli('--data-dir', join(server.folder, 'data'), 'token');
    expect([told.code, told.stderr]).toEqual([0, '']);
    const joinedAt = systemClock.monotonic();
    const joined = await cluster.addAgent(machine, ['join', told.stdout.trim()], 'joined');
    cluster.launch(joined);
    await waitFor(
      'it is registered',
      async () => {
        const { body } = await cluster.ask('/slaves');
        return body.slaves.some(
          (slave: { active: boolean; hostname: string; registered_time: number }) =>
            slave.active && slave.hostname === machine.address,
        );
      },
      60_000,
    );
    expect(systemClock.monotonic() - joinedAt).toBeLessThan(60_000);
  });
});
