import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from './support/free-port.ts';
import { RunningPlatform, STADION, run, waitFor } from './support/running-platform.ts';

const missing = (process.env.STADION_MISSING_PARTS ?? '').split(',');
const lacks = (part: string): boolean => missing.includes(part);

let platform: RunningPlatform;
let folder: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  platform = await RunningPlatform.start();
  folder = await mkdtemp(join(tmpdir(), 'stadion-dns-'));
  await platform.change('PUT', '/v2/apps/shop/web', {
    cmd: 'exec sleep 1000',
    cpus: 0.1,
    mem: 16,
    instances: 2,
    portDefinitions: [{ port: 0, name: 'http', protocol: 'tcp' }],
    labels: { version: '2', shard: '3' },
  });
}, 60_000);

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await platform.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** The port of the platform's own name server, or that of an address. */
function portOf(address = platform.addresses.dns): string {
  return new URL(address).port;
}

async function dig(port: string, ...words: string[]): Promise<string[]> {
  const { stdout } = await run('dig', ['@127.0.0.1', '-p', port, '+tries=2', '+time=3', ...words]);
  return stdout.split('\n').filter((line) => line !== '');
}

/** Starts a server that ends with the suite. */
function start(program: string, words: readonly string[]): ChildProcess {
  const child = spawn(program, words, { stdio: 'ignore' });
  children.push(child);
  return child;
}

// Without dig nobody is there to ask.
describe.skipIf(lacks('dig'))('the platform has names for what it runs', () => {
  test('addresses and services, over UDP and TCP', async () => {
    await waitFor('the app has a name', async () => {
      return (await dig(portOf(), '+short', 'web-shop.marathon.mesos')).length > 0;
    });
    expect(await dig(portOf(), '+short', 'web.shop.marathon.mesos')).toEqual(['127.0.0.1']);
    expect(await dig(portOf(), '+short', 'v2.web-shop.marathon.mesos')).toEqual(['127.0.0.1']);
    expect(await dig(portOf(), '+short', 'shard-3.web-shop.marathon.mesos')).toEqual(['127.0.0.1']);
    expect(await dig(portOf(), '+short', 'shard-3.web-shop.marathon.mesos', 'SRV')).toHaveLength(2);
    const ports = (await platform.tasks('/shop/web')).map((task) => String(task.ports[0])).sort();
    for (const transport of ['+notcp', '+tcp']) {
      const services = await dig(portOf(), '+short', transport, '_http._web-shop._tcp.marathon.mesos', 'SRV');
      expect(services.map((line) => line.split(' ')[2]).sort()).toEqual(ports);
    }
    const denial = (await dig(portOf(), 'nobody.marathon.mesos')).join('\n');
    expect(denial).toMatch(/status: NXDOMAIN/);
    expect(denial).toMatch(/^mesos\.\s+5\s+IN\s+SOA\s+ns1\.mesos\. root\.ns1\.mesos\./m);
  });

  test('an instance that ends has none, and one that starts has', async () => {
    const services = async (): Promise<number> =>
      (await dig(portOf(), '+short', '_http._web-shop._tcp.marathon.mesos', 'SRV')).length;
    await platform.change('PUT', '/v2/apps/shop/web', { instances: 1 }, 40_000);
    await waitFor('one is left', async () => (await services()) === 1);
    await platform.change('PUT', '/v2/apps/shop/web', { instances: 3 });
    await waitFor('three are there', async () => (await services()) === 3);
  });

  test('by hand out of rotation and back, by the command line', async () => {
    const [task] = await platform.tasks('/shop/web');
    const asked = async (): Promise<string> =>
      (await cli('dns', 'query', '_http._web-shop._tcp.marathon.mesos', '-q')).stdout;
    const before = (await asked()).split('\n').length;
    expect((await cli('dns', 'oor', task!.id)).code).toBe(0);
    expect((await asked()).split('\n')).toHaveLength(before - 1);
    expect((await cli('dns', 'status')).stdout).toContain('taken out of rotation by hand');
    expect((await cli('dns', 'bir', task!.id)).code).toBe(0);
    expect((await asked()).split('\n')).toHaveLength(before);
    expect((await cli('dns', 'oor', 'nobody')).code).toBe(1);
    expect((await cli('dns', 'records', 'leader')).stdout).toContain('leader.mesos.');
    expect((await cli('dns', 'log')).stdout).toContain('web-shop.marathon.mesos');
  }, 60_000);
});

test('a page in a browser finds them at the orchestrator: names, lookups, and who is out of rotation', async () => {
  const ask = async (path: string, method = 'GET') => {
    const response = await fetch(`${platform.addresses.orchestrator}/v2/names${path}`, { method });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  await waitFor('the app has a name', async () => {
    const { body } = await ask('/lookup?name=web.shop.marathon.mesos');
    return body['code'] === 'NOERROR' || undefined;
  });
  expect((await ask('/status')).body).toMatchObject({ ready: true, zones: [{ domain: 'mesos' }] });
  expect((await ask('/records?text=web-shop&limit=1')).body).toMatchObject({ zone: 'mesos', names: [{}] });
  expect((await ask('/queries')).body).toHaveProperty('queries');
  const [task] = await platform.tasks('/shop/web');
  expect((await ask(`/rotation/${task!.id}`, 'PUT')).body).toEqual({ outOfRotation: [task!.id] });
  expect((await ask(`/rotation/${task!.id}`, 'DELETE')).body).toEqual({ outOfRotation: [] });
  expect(await ask('/rotation/nobody', 'PUT')).toMatchObject({
    status: 404,
    body: { message: expect.any(String) as unknown },
  });
});

/** A command beside the platform's data directory, where its name server is written down. */
function cli(...words: string[]) {
  return run(process.execPath, [STADION, ...words, '--data-dir', platform.dataDirectory], { cwd: folder });
}

describe.skipIf(lacks('dig'))('alone, for a master that is given', () => {
  test('with workers that share its port, one of which may be killed', async () => {
    const port = await freePort();
    const addresses = join(folder, 'dns.json');
    const flags = ['--dns-port', port, '--dns-http-port', '0', '--dns-workers', '2', '--dns-domain', 'cluster.test'];
    const where = ['--data-dir', join(folder, 'dns'), '--addresses-file', addresses];
    const server = start(process.execPath, [STADION, 'dns', '--master', platform.addresses.master, ...flags, ...where]);
    await waitFor('it is ready', () => readFile(addresses, 'utf8').catch(() => undefined));
    const ask = () => dig(port, '+short', 'web-shop.marathon.cluster.test');
    await waitFor('it answers', async () => (await ask())[0] === '127.0.0.1');
    const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', String(server.pid)]);
    const workers = stdout.trim().split(/\s+/).map(Number);
    expect(workers).toHaveLength(2);
    process.kill(workers[0] ?? 0, 'SIGKILL');
    for (let time = 0; time < 20; time += 1) expect(await ask()).toEqual(['127.0.0.1']);
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  test('a conventional port that is taken is told of; one that was asked for is an error', async () => {
    const port = await freePort();
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(Number(port), '127.0.0.1', resolve));
    const refused = await cli('dns', '--master', 'http://127.0.0.1:1', '--dns-port', port);
    await new Promise((resolve) => holder.close(resolve));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('is already in use. Choose another port with --dns-port');
    const nowhere = await cli('dns');
    expect(nowhere.stderr).toContain('stadion dns --master http://HOST:5050');
  });
});

describe('other resolvers ask it for its domain', () => {
  test.skipIf(lacks('dig') || lacks('unbound'))('unbound, set up by one command and undone by another', async () => {
    const root = join(folder, 'unbound');
    const setUp = await cli('dns', 'setup', 'unbound', '--root', root);
    expect(setUp.stderr + setUp.stdout).toContain('unbound.conf.d/stadion.conf: set up.');
    const port = await freePort();
    const config = join(folder, 'unbound.conf');
    const part = join(root, 'etc/unbound/unbound.conf.d/stadion.conf');
    await writeFile(
      config,
      `server:\n  interface: 127.0.0.1\n  port: ${port}\n  username: ""\n  chroot: ""\n  pidfile: ""\n  use-syslog: no\n` +
        `  directory: "${folder}"\nremote-control:\n  control-enable: no\ninclude: "${part}"\n`,
    );
    start('unbound', ['-d', '-c', config]);
    await waitFor('unbound answers', async () => {
      return (await dig(port, '+short', 'web-shop.marathon.mesos'))[0] === '127.0.0.1';
    });
    expect((await dig(port, 'nobody.marathon.mesos')).join('\n')).toMatch(/status: NXDOMAIN/);
    // What unbound was told does not exist must not take what is below with it.
    await dig(port, '+short', 'marathon.mesos', 'TXT');
    expect(await dig(port, '+short', 'v2.web-shop.marathon.mesos')).toEqual(['127.0.0.1']);
    await cli('dns', 'setup', 'unbound', '--root', root, '--undo');
    await expect(readFile(part)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.skipIf(lacks('dig') || lacks('dnsmasq'))('dnsmasq, and it asks dnsmasq for the rest', async () => {
    const root = join(folder, 'dnsmasq');
    await cli('dns', 'setup', 'dnsmasq', '--root', root);
    const port = await freePort();
    const part = join(root, 'etc/dnsmasq.d/stadion.conf');
    const own = ['--listen-address=127.0.0.1', '--bind-interfaces', '--no-resolv', '--no-hosts', '--pid-file'];
    start('dnsmasq', ['-k', '-p', port, ...own, '-C', part, '--address=/elsewhere.test/192.0.2.9']);
    await waitFor('dnsmasq answers', async () => {
      return (await dig(port, '+short', 'web-shop.marathon.mesos'))[0] === '127.0.0.1';
    });
    const front = await freePort();
    const addresses = join(folder, 'front.json');
    const flags = ['--dns-port', front, '--dns-http-port', '0', '--dns-resolvers', `127.0.0.1:${port}`];
    const where = ['--data-dir', join(folder, 'front'), '--addresses-file', addresses];
    start(process.execPath, [
      STADION,
      'dns',
      '--master',
      platform.addresses.master,
      '--dns-domain',
      'own',
      ...flags,
      ...where,
    ]);
    await waitFor('the other is ready', () => readFile(addresses, 'utf8').catch(() => undefined));
    expect(await dig(front, '+short', 'elsewhere.test')).toEqual(['192.0.2.9']);
    expect(await dig(front, '+short', 'web-shop.marathon.mesos')).toEqual(['127.0.0.1']);
  });
});
