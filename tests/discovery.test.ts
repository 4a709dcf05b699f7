import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay } from '@stadion/base';
import { systemTimers } from '@stadion/base/system';
import { Hub } from '@stadion/discovery';
import { serviceFetch } from '@stadion/discovery/undici';
import { Provider, zooKeeperSource } from '@stadion/discovery/zookeeper';
import { ZooKeeperEnsemble, hasZooKeeper } from '@stadion/store/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from './support/free-port.ts';
import { Machines, canMakeMachines } from './support/machines.ts';
import { REPOSITORY, STADION, run, waitFor } from './support/running-platform.ts';

/** A service of somebody else: it has the library as it is packed, and nothing of this repository. */
const CONSUMER = `
import { createServer } from 'node:http';
import { Hub } from '@stadion/discovery';
import { serviceFetch } from '@stadion/discovery/undici';
import { Provider, zooKeeperSource } from '@stadion/discovery/zookeeper';

const server = createServer((_request, response) => response.end('hello from the packed library'));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const place = { connectString: process.argv[2], namespace: 'packed' };
const provider = new Provider({ ...place, service: 'greeter', host: '127.0.0.1', port: server.address().port });
provider.start();
const hub = new Hub({ source: zooKeeperSource({ ...place, pollMs: 1000 }) });
while (hub.service('greeter').pool.size === 0) await new Promise((resolve) => setTimeout(resolve, 50));
console.log(await (await serviceFetch(hub)('service://greeter/')).text());
await provider.stop();
await hub.close();
server.close();
`;

describe.skipIf(!hasZooKeeper())('the demo service, which registers by the Fastify bundle', () => {
  let zookeeper: ZooKeeperEnsemble;
  let service: ChildProcess;
  let port: string;
  let adminPort: string;

  beforeAll(async () => {
    zookeeper = await ZooKeeperEnsemble.start({ servers: 1 });
    [port, adminPort] = [await freePort(), await freePort()];
    const ports = { PORT0: port, PORT1: adminPort };
    // Where no orchestrator is.
    const places = { ZK_CONNECTION_STRING: zookeeper.connectString, STADION_ORCHESTRATOR: 'http://127.0.0.1:1' };
    service = spawn(process.execPath, [join(REPOSITORY, 'examples', 'demo-service', 'server.js')], {
      env: { ...process.env, ...places, ...ports },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }, 90_000);

  afterAll(async () => {
    service.kill('SIGKILL');
    await zookeeper.stop();
  });

  /** `stadion discovery …` beside its ZooKeeper. */
  function discovery(...words: string[]) {
    return run(process.execPath, [STADION, 'discovery', ...words]);
  }

  function where(): string[] {
    return ['--zookeeper', zookeeper.connectString, '--namespace', 'demo'];
  }

  test('with the library as it is packed, installed where nothing else of the platform is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stadion packed '));
    const packed = await run(process.execPath, [join(REPOSITORY, 'tools', 'pack-discovery.mjs'), '--out', folder]);
    const part = (name: string): string => join(REPOSITORY, 'node_modules', name);
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', type: 'module', private: true }));
    await writeFile(join(folder, 'consumer.js'), CONSUMER);
    const quiet = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts'];
    const wanted = [packed.stdout.trim(), part('undici'), part('node-zookeeper-client')];
    expect(await run('npm', ['install', ...quiet, ...wanted], { cwd: folder })).toMatchObject({ code: 0 });
    expect(await readdir(join(folder, 'node_modules', '@stadion'))).toEqual(['discovery']);
    const library = join(folder, 'node_modules', '@stadion', 'discovery');
    const files = (await readdir(library, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const names = files.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'fastify.d.ts', 'grpc.js']));
    expect(names.filter((name) => /test|\.map$|tsbuildinfo/.test(name))).toEqual([]);
    const texts = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'utf8')));
    expect(texts.filter((text) => text.includes("from '@stadion/") && !text.startsWith('# discovery'))).toEqual([]);
    const told = await run(process.execPath, ['consumer.js', zookeeper.connectString], { cwd: folder });
    expect(told).toMatchObject({ code: 0, stdout: 'hello from the packed library\n' });
    await rm(folder, { recursive: true });
  }, 120_000);

  test('is listed, watched, taken out of rotation, brought back, and gone when it ends', async () => {
    const node = `127.0.0.1:${port}`;
    await waitFor(
      'it is registered',
      async () => {
        const { stdout } = await discovery('ls', 'demo', ...where());
        return (stdout.includes(node) && stdout.includes('healthy')) || undefined;
      },
      40_000,
    );
    expect((await discovery('ls', ...where())).stdout).toContain('demo');
    const environment = { ...process.env, ZK_CONNECTION_STRING: zookeeper.connectString };
    const told = await run(process.execPath, [STADION, 'discovery', 'ls', '--namespace', 'demo'], { env: environment });
    expect(told.stdout).toContain('demo');
    expect((await discovery('ls', '--zookeeper', '127.0.0.1:1')).stderr).toContain('127.0.0.1:1 does not answer');
    expect((await discovery('oor', 'http://[')).stderr).toContain('is not an address');
    expect((await discovery('oor', `http://127.0.0.1:${port}`)).stderr).toContain('has no rotation tasks');
    expect((await discovery('ls', 'nobody', ...where())).code).toBe(1);

    const watching = spawn(process.execPath, [STADION, 'discovery', 'watch', 'demo', ...where()]);
    let seen = '';
    watching.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await waitFor('the watcher sees it', () => Promise.resolve(seen.includes(`${node}\n`) || undefined));
    const admin = `http://127.0.0.1:${adminPort}`;
    expect((await discovery('oor', admin)).stdout).toContain('is out of rotation');
    await waitFor('it is shown as out', () => Promise.resolve(seen.includes(`(${node})\n`) || undefined));
    expect((await fetch(`${admin}/healthcheck`)).status).toBe(200);
    seen = '';
    expect((await discovery('bir', admin)).stdout).toContain('is in rotation');
    await waitFor('it is shown as back', () => Promise.resolve(seen.includes(`${node}\n`) || undefined));
    expect(await (await fetch(`http://127.0.0.1:${port}/instances`)).json()).toMatchObject({
      source: `ZooKeeper at ${zookeeper.connectString}`,
      instances: [{ address: node, health: 'healthy', self: true }],
    });
    expect((await discovery('ls', 'demo', ...where())).stdout).toContain('dev');

    const ended = new Promise((resolve) => service.once('exit', resolve));
    service.kill('SIGTERM');
    expect(await ended).toBe(0);
    await waitFor('it is gone', () => Promise.resolve(seen.includes('(nobody)\n') || undefined));
    const left = new Promise((resolve) => watching.once('exit', resolve));
    watching.kill('SIGINT');
    expect(await left).toBe(0);
    expect((await discovery('oor', admin)).stderr).toContain('Nobody answers');
  }, 120_000);
});

describe.skipIf(!hasZooKeeper() || !canMakeMachines())('ZooKeeper behind a cable that is pulled', () => {
  let network: Machines;
  let zookeeper: ZooKeeperEnsemble;

  beforeAll(async () => {
    network = await Machines.make(1);
    const launchers = network.machines.map((machine) => network.on(machine));
    zookeeper = await ZooKeeperEnsemble.start({
      servers: 1,
      hosts: network.machines.map(({ address }) => address),
      launchers,
    });
  }, 90_000);

  afterAll(async () => {
    await zookeeper.stop();
    await network.remove();
  });

  test('no call fails, leaving ends, and what is new is seen when it is back', async () => {
    const [machine] = network.machines;
    const instances = [createHttpServer((_request, response) => response.end('here')), createHttpServer()];
    const ports = await Promise.all(
      instances.map(async (instance) => {
        await new Promise<void>((resolve) => instance.listen(0, '127.0.0.1', resolve));
        return (instance.address() as AddressInfo).port;
      }),
    );
    const place = { connectString: zookeeper.connectString, namespace: 'cut', sessionTimeoutMs: 4000 };
    const provide = (port: number): Provider => {
      const provider = new Provider({ ...place, service: 'demo', host: '127.0.0.1', port, checkMs: 200 });
      provider.start();
      return provider;
    };
    const [staying, leaving] = [provide(ports[0] ?? 0), provide(1)];
    const hubs = Array.from({ length: 5 }, () => new Hub({ source: zooKeeperSource({ ...place, pollMs: 1000 }) }));
    const seen = (): string =>
      hubs
        .map((hub) =>
          hub
            .service('demo')
            .pool.nodes()
            .map(({ port }) => port)
            .sort()
            .join(),
        )
        .join(' ');
    const all = (...wanted: number[]): string => hubs.map(() => [...wanted].sort().join()).join(' ');
    await waitFor('both are seen', () => seen() === all(ports[0] ?? 0, 1), 40_000);

    const failures: unknown[] = [];
    let calls = 0;
    let isOver = false;
    const callers = hubs.map(async (hub) => {
      const call = serviceFetch(hub);
      while (!isOver) {
        await call('service://demo/').then(
          async (response) => {
            await response.text();
            calls += 1;
          },
          (error: unknown) => failures.push(error),
        );
        await delay(systemTimers, 20);
      }
      await call.close();
    });
    if (machine === undefined) throw new Error('there is a machine');
    await network.cut(machine);
    await waitFor(
      'everybody has noticed',
      () => hubs.every((hub) => hub.service('demo').trouble() !== undefined),
      40_000,
    );
    await leaving.stop();
    instances[1]?.on('request', (_request, response) => response.end('new'));
    const late = provide(ports[1] ?? 0);
    const before = calls;
    await waitFor('calls go on', () => calls > before + 100, 40_000);
    await network.mend(machine);
    await waitFor('the view is right', () => seen() === all(...ports), 60_000);
    isOver = true;
    await Promise.all(callers);
    expect(failures).toEqual([]);
    await Promise.all([staying.stop(), late.stop(), ...hubs.map((hub) => hub.close())]);
    for (const instance of instances) {
      instance.closeAllConnections();
      instance.close();
    }
  }, 200_000);
});
