import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@stadion/base/system';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster, canMakeCluster, type Node } from './support/cluster.ts';
import { auditOf, filesWith, readForwarded, sendAhead } from './support/cluster-sessions.ts';
import { EventRecorder } from './support/event-recorder.ts';
import { MASTER_METRICS } from './support/exporter-metrics.ts';
import { STADION, callJson, run, waitFor, type TaskView } from './support/running-platform.ts';

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
      const via = server === leader ? null : `1.1 ${server.machine.address}:8080`;
      expect(info.headers.get('x-marathon-via')).toBe(via);
    }
    const events = await EventRecorder.open(`${other?.url ?? ''}:8080`, '', cluster.headers);
    await cluster.change('PUT', '/v2/apps/other', { cmd: 'exec sleep 1000', cpus: 0.1, mem: 32 });
    await events.until('the event came through', ({ name }) => name === 'deployment_success');
    events.close();
    await cluster.change('DELETE', '/v2/apps/other');
  });

  test('has one master that is elected by its metrics: each server tells its own', async () => {
    const leader = await cluster.leader();
    for (const server of cluster.servers) {
      const { body } = await cluster.ask('/metrics/snapshot?timeout=5secs', server);
      expect(MASTER_METRICS.filter((name) => typeof body[name] !== 'number')).toEqual([]);
      expect([body['master/elected'], body['master/slaves_active']]).toEqual(server === leader ? [1, 3] : [0, 0]);
      expect(body['system/mem_total_bytes']).toBeGreaterThan(0);
      const answer = await callJson(`${server.url}:5050/metrics/snapshot`);
      expect(answer.status).toBe(401);
    }
  });

  test('has a log at each server, which that server tells itself', async () => {
    const leader = await cluster.leader();
    for (const server of cluster.servers) {
      const { body } = await cluster.ask('/files/read?path=/master/log&offset=0', server);
      expect(body.data.split('\n')[0]).toContain('"level":');
      expect(body.data.includes('This server leads'), server.url).toBe(server === leader);
      expect((await callJson(`${server.url}:5050/files/read?path=/master/log&offset=0`)).status).toBe(401);
    }
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

  test('reaches into tasks on other machines through every server, and has the person on record', async () => {
    const leader = await cluster.leader();
    const port = '$PORT0';
    const listener = `require("net").createServer((s) => s.end("from the task")).listen(process.env.PORT0, "127.0.0.1")`;
    await cluster.change('PUT', '/v2/apps/inside', {
      cmd: `echo listening on ${port}; exec ${process.execPath} -e '${listener}'`,
      cpus: 0.1,
      mem: 64,
      portDefinitions: [{ port: 0 }],
    });
    const [task] = await cluster.tasks('/inside');
    const id = task?.id ?? '';
    await writeFile(join(cluster.folder, 'note'), 'a note');
    for (const server of cluster.servers) {
      const ran = await cluster.cliThrough(server, 'exec', id, '--', 'sh', '-c', 'cat; echo $HOST; exit 7');
      expect(ran).toMatchObject({ code: 7, stdout: `${task?.host ?? ''}\n` });
    }
    const follower = cluster.servers.find((server) => server !== leader);
    const inside = (await cluster.cliThrough(follower, 'exec', id, '--', 'pwd')).stdout.trim();
    const copied = await cluster.cliThrough(follower, 'cp', join(cluster.folder, 'note'), `${id}:${inside}`);
    expect(copied).toMatchObject({ code: 0, stderr: '' });
    expect((await cluster.cliThrough(follower, 'exec', id, '--', 'cat', 'note')).stdout).toBe('a note');
    expect(await readForwarded(cluster, follower, id, task?.ports[0] ?? 0)).toBe('from the task');
    expect(await sendAhead(follower?.machine.address ?? '', cluster.headers, id)).toBe('sent ahead');
    const records = await auditOf(leader);
    const passedOn = records.filter(({ through }) => through?.endsWith(follower?.machine.address ?? '-') === true);
    expect(passedOn.length).toBeGreaterThan(0);
    // The command line is on this host, whose address on that net is the first one.
    const person = (follower?.machine.address ?? '').replace(/\d+$/, '1');
    for (const { who } of records) expect(who).toMatch(new RegExp(`^(?:::ffff:)?${person}$`));
    await cluster.change('DELETE', '/v2/apps/inside');
  });

  test('gives agents the secrets of their tasks, and nobody else', async () => {
    const leader = await cluster.leader();
    const follower = cluster.servers.find((server) => server !== leader);
    const value = 'hunter2-across-machines';
    const path = '/secrets/v1/secret/default/team/password';
    expect((await cluster.call('PUT', path, { value }, follower)).status).toBe(201);
    await cluster.change('PUT', '/v2/apps/secretive', {
      cmd: 'printf "%s|" "$PASSWORD" | cat - key | tr a-z A-Z; exec sleep 1000',
      cpus: 0.1,
      mem: 32,
      env: { PASSWORD: { secret: 'one' } },
      secrets: { one: { source: 'team/password' } },
      container: { type: 'MESOS', volumes: [{ containerPath: 'key', secret: 'one' }] },
    });
    const [task] = await cluster.tasks('/secretive');
    const seen = await waitFor('the task has looked', async () => {
      const { stdout } = await cluster.cli('exec', task?.id ?? '', '--', 'cat', 'stdout');
      return stdout.includes('|') && stdout;
    });
    expect(seen).toBe(`${value}|${value}`.toUpperCase());
    for (const node of cluster.nodes) expect(await filesWith(value, node.folder)).toEqual([]);
    const ask = (headers: Record<string, string>) =>
      callJson(`${leader.url}:5050/stadion/secret-of-task?name=team/password`, 'POST', undefined, headers);
    expect((await ask({ authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await auditOf(leader)).some(({ what, outcome }) => what === 'secret of a task' && outcome === 'done')).toBe(
      true,
    );
    await cluster.change('DELETE', '/v2/apps/secretive');
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

  test('comes back by a backup when all servers are killed and ZooKeeper has lost everything, under the same tasks', async () => {
    const before = await runningTasks(6);
    // One more leader than there will be after: agents refuse those of the past.
    await cluster.kill(await cluster.leader());
    await cluster.leader();
    await cluster.change('PUT', '/v2/apps/kept', { cmd: 'exec sleep 1000', cpus: 0.1, mem: 32, instances: 0 });
    const file = join(cluster.folder, 'last.backup');
    const zk = ['--zk', cluster.zkUrl];
    expect(await cluster.cli('backup', 'create', file, ...zk)).toMatchObject({ code: 0, stderr: '' });
    expect(await cluster.cli('backup', 'verify', file)).toMatchObject({ code: 0, stderr: '' });
    await Promise.all(cluster.servers.map((server) => cluster.kill(server)));
    const { zooKeepers } = cluster;
    for (const index of cluster.servers.keys()) {
      await zooKeepers.signal(index, 'SIGKILL');
      zooKeepers.forget(index);
    }
    for (const index of cluster.servers.keys()) zooKeepers.launch(index);
    for (const index of cluster.servers.keys()) await zooKeepers.serving(index);
    expect(await cluster.cli('backup', 'restore', file, ...zk)).toMatchObject({ code: 0, stderr: '' });
    for (const server of cluster.servers) cluster.launch(server);
    await cluster.leader();
    expect((await cluster.callAny('GET', '/v2/apps/kept'))?.status).toBe(200);
    // They were not started again.
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

  test('is run by a framework that finds the leader where masters meet, and the next one in mid-deployment', async () => {
    const machine = cluster.agents[0]?.machine;
    if (machine === undefined) throw new Error('there is an agent');
    const folder = join(cluster.folder, 'far');
    await mkdir(folder);
    const where = ['--bind-address', machine.address, '--secret-file', cluster.secretFile, '--data-dir', folder];
    const words = ['orchestrator', '--master', cluster.zkUrl, '--orchestrator-port', '8090', '--drain-seconds', '0'];
    const command = [...cluster.machines.on(machine), process.execPath, STADION, ...words, ...where];
    const url = `http://${machine.address}:8090`;
    const far: Node = {
      role: 'server',
      machine,
      folder,
      url,
      command,
      disk: undefined,
      process: undefined,
      output: '',
    };
    const ask = (path: string, method = 'GET', body?: unknown) =>
      callJson(`${url}${path}`, method, body, cluster.headers).catch(() => undefined);
    const app = { id: '/far', cmd: 'exec sleep 100000', cpus: 0.1, mem: 16, instances: 4 };
    cluster.launch(far);
    try {
      await waitFor('its app is taken', async () => (await ask('/v2/apps', 'POST', app))?.status === 201, 60_000);
      await waitFor('it runs', async () => (await ask('/v2/apps//far'))?.body.app.tasksRunning === 4, 60_000);
      const leader = await cluster.leader();
      expect((await ask('/v2/apps//far', 'PUT', { env: { NEW: '1' } }))?.status).toBe(200);
      await cluster.kill(leader);
      await waitFor('its deployment ends', async () => (await ask('/v2/deployments'))?.body.length === 0, 90_000);
      const { tasks } = (await ask('/v2/apps//far/tasks'))?.body ?? {};
      expect(tasks.map(({ state }: TaskView) => state)).toEqual(Array(4).fill('TASK_RUNNING'));
      // What it shows of the cluster, and where it says that the master is, are of the one that leads now.
      const known = async (): Promise<number | undefined> => (await ask('/v2/cluster/agents'))?.body.slaves?.length;
      await waitFor('it knows the agents of the next leader', async () => (await known()) === 3, 60_000);
      const next = await cluster.leader();
      const { marathon_config: config } = (await ask('/v2/info'))?.body ?? {};
      expect(config.mesos_leader_ui_url).toBe(`http://${next.machine.address}:5050/`);
      cluster.launch(leader);
      const isBack = () =>
        cluster.ask('/health', leader).then(
          ({ status }) => status === 200,
          () => false,
        );
      await waitFor('the server is back', isBack, 60_000);
      await ask('/v2/apps//far', 'DELETE');
      await waitFor('its app is gone', async () => (await ask('/v2/tasks'))?.body.tasks.length === 0, 60_000);
    } finally {
      await cluster.kill(far);
    }
  });

  test('refuses a server with another secret before it can lead', async () => {
    const leader = await cluster.leader();
    const secretFile = join(cluster.folder, 'another-secret');
    await writeFile(secretFile, 'f'.repeat(64), { mode: 0o600 });
    // From another machine: on its own a server is shown no secret.
    const other = cluster.servers.find((server) => server !== leader);
    const words = (other?.command ?? []).map((word) => (word === cluster.secretFile ? secretFile : word));
    const folder = join(cluster.folder, 'stranger');
    const ports = ['--orchestrator-port', '8081', '--master-port', '5052', '--data-dir', folder];
    const [command = '', ...rest] = [...words, ...ports];
    const refused = await run(command, rest, { cwd: cluster.folder });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('does not take the secret of this one');
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
