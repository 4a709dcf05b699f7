/** A cluster whose machines speak TLS with each other and take nothing else, with certificates that change meanwhile. */
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { ClusterAuthority, Secret } from '@stadion/access';
import type { RebalancePlan, RebalanceRun } from '@stadion/contract/rebalance';
import { systemClock } from '@stadion/base/system';
import { Agent, setGlobalDispatcher } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster, canMakeCluster, type Node } from './support/cluster.ts';
import { EventRecorder } from './support/event-recorder.ts';
import { STADION, callJson, waitFor } from './support/running-platform.ts';

const DAY_MS = 86_400_000;
/** What the edge makes a route of. */
const ROUTED = {
  labels: { 'traefik.enable': 'true', 'traefik.http.routers.named.rule': 'Host(`named.localhost`)' },
  portDefinitions: [{ port: 0 }],
};

describe.skipIf(!canMakeCluster())('a cluster that requires TLS', { timeout: 240_000 }, () => {
  let cluster: Cluster;
  let authority: ClusterAuthority;

  const folderOf = (address: string): string => join(cluster.folder, `certificates-${address}`);
  const flagsOf = (address: string): string[] => {
    const folder = folderOf(address);
    return ['--tls-cert', join(folder, 'crt'), '--tls-key', join(folder, 'key'), '--tls-ca', join(folder, 'ca')];
  };

  /** Gives a machine a certificate. @returns it */
  async function certify(address: string, startMs: number, by = authority): Promise<string> {
    const folder = folderOf(address);
    await mkdir(folder, { recursive: true });
    const { certificate, key } = await by.issue({ names: [address], nowMs: startMs, lifetimeMs: DAY_MS });
    await writeFile(join(folder, 'crt'), certificate);
    await writeFile(join(folder, 'key'), key);
    await writeFile(join(folder, 'ca'), authority.certificate);
    return certificate;
  }

  const folderOfLate = (): string => join(cluster.folder, 'late');
  /** Gives the agent that comes late a certificate. */
  async function keepLate(by: ClusterAuthority, startMs = systemClock.now()): Promise<void> {
    const address = cluster.machines.machines[1]?.address ?? '';
    const { certificate, key } = await by.issue({ names: [address], nowMs: startMs, lifetimeMs: DAY_MS });
    await writeFile(join(folderOfLate(), 'crt'), certificate);
    await writeFile(join(folderOfLate(), 'key'), key);
  }

  /** The certificate that a port shows to somebody who connects now. @param by whom it is believed */
  function shownAt(host: string, port: number, by = authority): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, ca: by.certificate }, () => {
        resolve(socket.getPeerX509Certificate()?.toString().trim());
        socket.destroy();
      });
      socket.on('error', reject);
    });
  }

  beforeAll(async () => {
    cluster = await Cluster.start({
      servers: 2,
      agents: 1,
      // The first server makes its own certificate, as all of them would; the others have files, which can be changed.
      overTls: async (made) => {
        cluster = made;
        authority = await ClusterAuthority.of(new Secret(made.secret));
        await writeFile(made.authorityFile, authority.certificate);
        setGlobalDispatcher(new Agent({ connect: { ca: authority.certificate } }));
        const [first, ...others] = made.machines.machines;
        for (const { address } of others) await certify(address, systemClock.now());
        return ({ machine }) => ['--tls', 'required', ...(machine === first ? [] : flagsOf(machine.address))];
      },
    });
    // One that does not lead may be the last to listen.
    for (const server of cluster.servers) {
      await waitFor('every server answers', () =>
        cluster.call('GET', '/v2/info', undefined, server).catch(() => undefined),
      );
    }
    await cluster.change('PUT', '/v2/apps/web', { cmd: 'echo said this; exec sleep 100000', cpus: 0.1, mem: 32 });
  }, 240_000);

  test('names the leading master as it is reached', async () => {
    const leader = await cluster.leader();
    for (const server of cluster.servers) {
      const { body } = await cluster.call('GET', '/v2/info', undefined, server);
      const master = `https://${leader.machine.address}:5050`;
      expect(body.marathon_config).toMatchObject({ master, mesos_leader_ui_url: `${master}/` });
      expect(body.http_config).toMatchObject({ http_port: 8080, https_port: 8080 });
    }
  });

  afterAll(async () => {
    await cluster.stop();
  }, 120_000);

  async function follower(): Promise<Node> {
    const leader = await cluster.leader();
    const other = cluster.servers.find((server) => server !== leader);
    if (other === undefined) throw new Error('one of two leads');
    return other;
  }

  test('is reached through every server, into its tasks and their logs as well', async () => {
    const [task] = await cluster.tasks('/web');
    for (const server of cluster.servers) {
      expect((await cluster.call('GET', '/v2/apps/web', undefined, server)).body.app.tasksRunning).toBe(1);
      const ran = await cluster.cliThrough(server, 'exec', task?.id ?? '', '--', 'sh', '-c', 'echo inside; exit 3');
      expect(ran).toMatchObject({ code: 3, stdout: 'inside\n' });
      const logs = await cluster.cliThrough(server, 'logs', '/web');
      expect(logs.stdout).toContain('said this');
    }
  });

  test('refuses plain connections in words, on every port', async () => {
    const ports = [...cluster.servers.flatMap(({ machine }) => [`${machine.address}:8080`, `${machine.address}:5050`])];
    for (const where of [...ports, ...cluster.agents.map(({ machine }) => `${machine.address}:5051`)]) {
      const answer = await callJson(`http://${where}/state`, 'GET', undefined, cluster.headers);
      expect([where, answer.status]).toEqual([where, 403]);
      expect(JSON.stringify(answer.body)).toContain('TLS only');
    }
  });

  test('gives secrets to agents that show a certificate of the cluster, and to nobody else', async () => {
    await cluster.call('PUT', '/secrets/v1/secret/default/team/password', { value: 'hunter2' });
    await cluster.change('PUT', '/v2/apps/secretive', {
      cmd: 'printf "%s" "$PASSWORD" | tr a-z A-Z; exec sleep 1000',
      cpus: 0.1,
      mem: 32,
      env: { PASSWORD: { secret: 'one' } },
      secrets: { one: { source: 'team/password' } },
    });
    await waitFor('the task has its secret', async () => {
      return (await cluster.cli('logs', '/secretive')).stdout.includes('HUNTER2');
    });
    for (const { url } of cluster.servers) {
      for (const path of ['/stadion/secret-of-task', '/stadion/secret%2Dof-task']) {
        const asked = await callJson(`${url}:5050${path}?name=team/password`, 'POST', undefined, cluster.headers);
        expect(asked.status).toBe(403);
        expect(JSON.stringify(asked.body)).toContain('show a certificate');
      }
    }
    await cluster.change('DELETE', '/v2/apps/secretive');
  });

  /** Asks the leader for an agent's link, with a certificate of somebody. */
  async function linkBy(by: ClusterAuthority): Promise<{ status: number; text: string }> {
    const { certificate, key } = await by.issue({ names: ['x'], nowMs: systemClock.now(), lifetimeMs: DAY_MS });
    const { machine } = await cluster.leader();
    return new Promise((resolve, reject) => {
      const asked = request(`https://${machine.address}:5050/stadion/agent-link`, {
        ...{ ca: authority.certificate, cert: certificate, key },
        headers: { ...cluster.headers, connection: 'Upgrade', upgrade: 'stadion-agent-link-1' },
      });
      asked.on('upgrade', () => reject(new Error('the link was taken')));
      asked.on('error', reject);
      asked.on('response', (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      asked.end();
    });
  }

  test('refuses links with a certificate of another authority', async () => {
    const answer = await linkBy(await ClusterAuthority.of(new Secret('the secret of somebody else')));
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('This certificate is not taken');
  });

  test('gives routes and names to an edge and a name server that come by TLS', async () => {
    const { machine } = await follower();
    const common = ['--secret-file', cluster.secretFile, '--tls', 'on'];
    const roles = [
      ['edge', '--marathon', `https://${machine.address}:8080`, '--edge-http-port', '0', '--edge-admin-port', '0'],
      ['dns', '--master', `https://${machine.address}:5050`, '--dns-port', '0', '--dns-http-port', '0'],
    ];
    await cluster.change('PUT', '/v2/apps/named', { cmd: 'exec sleep 1000', cpus: 0.1, mem: 32, ...ROUTED });
    const started = roles.map(([role = '', ...words]) => {
      const folder = join(cluster.folder, role);
      const file = join(cluster.folder, `${role}.json`);
      const line = [STADION, role, ...words, ...common, '--data-dir', folder, '--addresses-file', file];
      return { process: spawn(process.execPath, line, { stdio: 'ignore' }), file };
    });
    try {
      const [edge, dns] = await Promise.all(
        started.map(({ file }) =>
          waitFor('it is ready', async () => {
            const text = await readFile(file, 'utf8').catch(() => undefined);
            return text === undefined ? undefined : (JSON.parse(text) as Record<string, string>);
          }),
        ),
      );
      await waitFor('the edge has the route', async () => {
        const { body } = await callJson(`${edge?.['edgeAdmin'] ?? ''}/v1/routes`);
        return JSON.stringify(body).includes('named');
      });
      await waitFor('the name is known', async () => {
        const { body } = await callJson(`${dns?.['dnsHttp'] ?? ''}/v1/hosts/named.marathon.mesos`);
        return JSON.stringify(body).includes('"ip"') && !JSON.stringify(body).includes('"ip":""');
      });
      // Their own ports speak TLS as well.
      const secured = (edge?.['edgeAdmin'] ?? '').replace('http:', 'https:');
      expect((await callJson(`${secured}/v1/routes`)).status).toBe(200);
    } finally {
      for (const { process: child } of started) child.kill();
      await Promise.all(started.map(({ process: child }) => new Promise((done) => child.once('exit', done))));
    }
  });

  test('does not take an agent whose certificate is of the past, and takes it once it has a new one', async () => {
    const [, machine] = cluster.machines.machines;
    if (machine === undefined) throw new Error('there are three machines');
    // Its files are those of the server beside it: they get a folder of their own.
    const folder = folderOfLate();
    await mkdir(folder);
    await writeFile(join(folder, 'ca'), authority.certificate);
    await keepLate(authority, systemClock.now() - 2 * DAY_MS);
    const files = ['--tls-cert', join(folder, 'crt'), '--tls-key', join(folder, 'key'), '--tls-ca', join(folder, 'ca')];
    await cluster.change('PUT', '/v2/apps/heavy', { cmd: 'exec sleep 1000', cpus: 1, mem: 32, instances: 4 });
    const words = ['--bind-address', machine.address, '--secret-file', cluster.secretFile, '--zk', cluster.zkUrl];
    const late = await cluster.addAgent(machine, ['agent', ...words], 'late');
    // Those of the machine came last on the line: the ones of this agent have to.
    const node = { ...late, command: [...late.command, ...files] };
    cluster.nodes.splice(cluster.nodes.indexOf(late), 1, node);
    cluster.launch(node);
    await waitFor('its log says why not', async () => {
      return (await cluster.logOf(node).catch(() => '')).includes('CERT_HAS_EXPIRED');
    });
    expect((await cluster.ask('/slaves')).body.slaves).toHaveLength(1);
    await keepLate(authority);
    await cluster.registered(2);
  });

  test('says where instances would go now that a node has joined, moves nothing by that, and moves them when told to', async () => {
    await waitFor('two of four instances would go to the new node', async () => {
      const { stdout } = await cluster.cli('rebalance', '--dry-run', '-o', 'json');
      const { moves, nodes } = JSON.parse(stdout) as RebalancePlan;
      return moves.length === 2 && nodes.length === 2 && moves.every(({ appId }) => appId === '/heavy') && nodes;
    });
    const tasks = await cluster.tasks('/heavy');
    expect(new Set(tasks.map(({ host }) => host))).toEqual(new Set([cluster.machines.machines[2]?.address]));
    const { stdout } = await cluster.cli('rebalance', '--moves-per-minute', '60', '-o', 'json');
    const { state, moves } = JSON.parse(stdout) as RebalanceRun;
    expect([state, ...moves.map((move) => move.state)]).toEqual(['done', 'moved', 'moved']);
    await waitFor('two of four are on each node', async () => {
      const hosts = (await cluster.tasks('/heavy')).map(({ host }) => host);
      return hosts.length === 4 && new Set(hosts).size === 2 && hosts.filter((host) => host === hosts[0]).length === 2;
    });
    await cluster.change('DELETE', '/v2/apps/heavy');
  });

  /** Changes something while an event stream, a session in a task and the links of agents are open: none of them breaks. */
  async function underStreams(change: () => Promise<void>): Promise<void> {
    const through = await follower();
    const [task] = await cluster.tasks('/web');
    const before = (await cluster.ask('/slaves')).body.slaves as { id: string; reregistered_time?: number }[];
    const events = await EventRecorder.open(`${through.url}:8080`, '', cluster.headers);
    const session = spawn(process.execPath, [STADION, 'exec', '-i', task?.id ?? '', '--', 'cat'], {
      env: cluster.environmentThrough(through),
    });
    let echoed = '';
    session.stdout.on('data', (chunk: Buffer) => (echoed += chunk.toString()));
    session.stderr.on('data', (chunk: Buffer) => (echoed += chunk.toString()));
    session.stdin.write('before\n');
    await waitFor('the session answers', async () => echoed.includes('before'));
    await change();
    session.stdin.end('after\n');
    await waitFor('the session still answers', async () => echoed.includes('after'));
    await cluster.change('PUT', '/v2/apps/other', { cmd: 'exec sleep 1000', cpus: 0.1, mem: 32 });
    await cluster.change('DELETE', '/v2/apps/other');
    expect(await cluster.tasks('/web')).toMatchObject([{ id: task?.id }]);
    await events.until('the stream goes on', ({ name }) => name === 'deployment_success');
    events.close();
    const after = (await cluster.ask('/slaves')).body.slaves as typeof before;
    const linksOf = (slaves: typeof before) =>
      slaves.map(({ id, reregistered_time: at }) => `${id} ${String(at)}`).sort();
    expect(linksOf(after)).toEqual(linksOf(before));
    // And what is opened from now on is taken as well.
    const ran = await cluster.cliThrough(through, 'exec', task?.id ?? '', '--', 'echo', 'anew');
    expect(ran).toMatchObject({ code: 0, stdout: 'anew\n' });
  }

  test('changes certificates while streams run, and none of them breaks', async () => {
    await underStreams(async () => {
      for (const { machine, role } of cluster.nodes.filter(
        ({ machine: one }) => one !== cluster.machines.machines[0],
      )) {
        const certificate = (await certify(machine.address, systemClock.now())).trim();
        if (cluster.nodes.filter((node) => node.machine === machine).length > 1 && role === 'agent') continue;
        const port = role === 'agent' ? 5051 : 8080;
        await waitFor(
          'the new certificate is shown',
          async () => (await shownAt(machine.address, port)) === certificate,
        );
      }
    });
  });

  test('changes its secret while streams run, from two that are taken to the new one alone', async () => {
    const before = { secret: cluster.secret, authority };
    const next = 'another-secret-of-this-cluster';
    const nextAuthority = await ClusterAuthority.of(new Secret(next));
    const [, ...others] = cluster.machines.machines;
    const trust = async (...authorities: readonly ClusterAuthority[]): Promise<void> => {
      const all = authorities.map(({ certificate }) => certificate).join('');
      setGlobalDispatcher(new Agent({ connect: { ca: all } }));
      await writeFile(cluster.authorityFile, all);
      for (const { address } of others) await writeFile(join(folderOf(address), 'ca'), all);
      await writeFile(join(folderOfLate(), 'ca'), all);
    };
    const statusesFor = (secret: string): Promise<readonly number[]> => {
      const ports = [
        ...cluster.servers.map(({ url }) => `${url}:8080/v2/info`),
        ...cluster.servers.map(({ url }) => `${url}:5050/version`),
        ...cluster.agents.map(({ machine }) => `https://${machine.address}:5051/state`),
      ];
      const asked = ports.map((url) => callJson(url, 'GET', undefined, { authorization: `Bearer ${secret}` }));
      return Promise.all(asked.map(async (answer) => (await answer).status));
    };
    await underStreams(async () => {
      await trust(authority, nextAuthority);
      await writeFile(cluster.secretFile, `${before.secret}\n${next}\n`);
      await waitFor('everybody takes the new one, too', async () => {
        return (await statusesFor(next)).every((status) => status === 200);
      });
      await writeFile(cluster.secretFile, `${next}\n${before.secret}\n`);
      cluster.secret = next;
      for (const { address } of others) await certify(address, systemClock.now(), nextAuthority);
      await keepLate(nextAuthority);
      // The first machine makes its own by the new secret.
      const shown = [
        ...cluster.servers.map(({ machine }) => [machine.address, 8080] as const),
        ...cluster.agents.map(({ machine }) => [machine.address, 5051] as const),
      ];
      for (const [host, port] of shown) {
        await waitFor('it has a certificate of the new authority', () =>
          shownAt(host, port, nextAuthority).catch(() => undefined),
        );
      }
      expect(await statusesFor(before.secret)).not.toContain(401);
      authority = nextAuthority;
      await trust(nextAuthority);
      await writeFile(cluster.secretFile, `${next}\n`);
      await waitFor('nobody takes the old one', async () => {
        return (await statusesFor(before.secret)).every((status) => status === 401);
      });
      expect(await statusesFor(next)).not.toContain(401);
    });
    expect(await linkBy(before.authority)).toMatchObject({ status: 403 });
  });
});
