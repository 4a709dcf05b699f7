import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ZooKeeperEnsemble, hasZooKeeper } from '@stadion/store/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REPOSITORY, STADION, run, waitFor } from './support/running-platform.ts';

test('what is published of the library is its built form and its README, and stands on base alone', async () => {
  const folder = join(REPOSITORY, 'packages', 'discovery');
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json'], { cwd: folder });
  const [pack] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const paths = pack.files.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(['README.md', 'package.json', 'dist/index.js', 'dist/fastify.d.ts']));
  expect(
    paths.filter((path) => !/^(dist\/.*\.(js|d\.ts)(\.map)?|README\.md|package\.json|LICENSE)$/.test(path)),
  ).toEqual([]);
  expect(paths.filter((path) => path.includes('test'))).toEqual([]);
});

describe.skipIf(!hasZooKeeper())('a service that registers by the Fastify bundle', () => {
  let zookeeper: ZooKeeperEnsemble;
  let service: ChildProcess;
  let port: string;
  let adminPort: string;

  beforeAll(async () => {
    zookeeper = await ZooKeeperEnsemble.start({ servers: 1 });
    [port, adminPort] = [await freePort(), await freePort()];
    service = spawn(process.execPath, [join(REPOSITORY, 'examples', 'registered-service', 'server.js')], {
      env: { ...process.env, ZK_CONNECTION_STRING: zookeeper.connectString, PORT0: port, PORT1: adminPort },
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
    const instances = (await (await fetch(`http://127.0.0.1:${port}/instances`)).json()) as object[];
    expect(instances).toMatchObject([{ host: '127.0.0.1', port: Number(port), nodeData: { environment: 'dev' } }]);

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

async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}
