import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { openZooKeeperStore } from '@stadion/store';
import { ZooKeeperEnsemble, hasZooKeeper } from '@stadion/store/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from './support/free-port.ts';
import { STADION, run, waitFor } from './support/running-platform.ts';

const missing = (process.env.STADION_MISSING_PARTS ?? '').split(',');

/** A master as far as names ask one. */
interface Master {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** Has a task run, and says so on the operator stream. */
  start(name: string, address: string): void;
}

let folder: string;
let near: Master;
let far: Master;
let port: string;
let tlsPort: string;
let data: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stadion names '));
  near = await startMaster([
    task('one', 'web', '10.1.0.1'),
    task('two', 'web', '10.2.0.1'),
    task('six', 'web', 'fd00::6'),
  ]);
  far = await startMaster([task('three', 'web', '10.3.0.1')]);
  [port, tlsPort] = [await freePort(), await freePort()];
  data = join(folder, 'data');
  const cert = join(folder, 'cert.pem');
  const key = join(folder, 'key.pem');
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...[...subject, '-keyout', key, '-out', cert],
  ]);
  await startDns(data, [
    ...['--master', near.url, '--dns-port', port, '--dns-zones', `eu.mesos=${far.url}`],
    ...['--dns-splits', '127.0.0.2/32=10.2.0.0/16'],
    ...['--dns-tls-port', tlsPort, '--dns-tls-cert', cert, '--dns-tls-key', key],
  ]);
}, 60_000);

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const { server } of [near, far]) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true, force: true });
});

function task(id: string, name: string, address: string) {
  const networks = [{ ip_addresses: [{ ip_address: address }] }];
  return {
    ...{ id, name, slave_id: 'F-S1', state: 'TASK_RUNNING', resources: { ports: '[31000-31000]' } },
    statuses: [{ state: 'TASK_RUNNING', timestamp: 1, container_status: { network_infos: networks } }],
  };
}

async function startMaster(tasks: readonly object[]): Promise<Master> {
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const pid = `master@127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const slaves = [{ id: 'F-S1', pid: 'slave(1)@10.0.0.11:5051' }];
    const frameworks = [{ id: 'F-0', name: 'marathon', hostname: '127.0.0.1', tasks }];
    if (request.url === '/state') response.end(JSON.stringify({ pid, leader: pid, slaves, frameworks }));
    else if (request.url === '/api/v1') {
      response.flushHeaders();
      streams.add(response);
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(own)}`,
    port: own,
    server,
    start(name, address) {
      const state = 'TASK_RUNNING';
      const networks = [{ ip_addresses: [{ ip_address: address }] }];
      const ids = { task_id: { value: name }, framework_id: { value: 'F-0' }, agent_id: { value: 'F-S1' } };
      const statuses = [{ state, container_status: { network_infos: networks } }];
      const event = { type: 'TASK_ADDED', task_added: { task: { name, ...ids, state, statuses } } };
      const text = JSON.stringify(event);
      for (const stream of streams) stream.write(`${String(text.length)}\n${text}`);
    },
  };
}

async function startDns(dataDirectory: string, flags: readonly string[]): Promise<void> {
  const addresses = `${dataDirectory}.json`;
  const where = ['--data-dir', dataDirectory, '--addresses-file', addresses, '--dns-http-port', '0'];
  children.push(spawn(process.execPath, [STADION, 'dns', ...flags, ...where], { stdio: 'ignore' }));
  await waitFor('the name server is ready', () => readFile(addresses, 'utf8').catch(() => undefined), 40_000);
}

async function dig(...words: string[]): Promise<string[]> {
  const { stdout } = await run('dig', ['@127.0.0.1', '+short', '+tries=2', '+time=5', ...words]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

function cli(...words: string[]) {
  return run(process.execPath, [STADION, ...words, '--data-dir', data], { cwd: folder });
}

describe.skipIf(missing.includes('dig'))('one name server', () => {
  test('has a zone for each cluster that it is given', async () => {
    expect(await dig('-p', port, 'web.marathon.eu.mesos')).toEqual(['10.3.0.1']);
    expect(await dig('-p', port, 'web.marathon.mesos')).toEqual(['10.1.0.1', '10.2.0.1']);
    expect(await dig('-p', port, 'web.marathon.mesos', 'AAAA')).toEqual(['fd00::6']);
    expect((await cli('dns', 'records', 'web', '--zone', 'eu.mesos')).stdout).toContain('10.3.0.1');
  });

  test('gives clients of some networks the addresses that are near them', async () => {
    expect(await dig('-p', port, '-b', '127.0.0.2', 'web.marathon.mesos')).toEqual(['10.2.0.1']);
    // Where there is none near, all others are better than nothing.
    expect(await dig('-p', port, '-b', '127.0.0.2', 'web.marathon.eu.mesos')).toEqual(['10.3.0.1']);
  });

  test('answers over TLS, to those who check who it is', async () => {
    const cert = join(folder, 'cert.pem');
    const who = [`+tls-ca=${cert}`, '+tls-hostname=localhost'];
    expect(await dig('-p', tlsPort, '+tls', ...who, 'web.marathon.eu.mesos')).toEqual(['10.3.0.1']);
    expect((await dig('-p', tlsPort, '+tls', `+tls-ca=${cert}`, '+tls-hostname=other', 'a.mesos')).join(' ')).toMatch(
      /TLS peer certificate verification|hostname mismatch/i,
    );
    const big = await dig('-p', tlsPort, '+tls', ...who, '_web._tcp.marathon.mesos', 'SRV');
    expect(big).toHaveLength(3);
  });

  test('tells whoever watches of each change', async () => {
    const watching = spawn(process.execPath, [STADION, 'dns', 'watch', '--data-dir', data], { cwd: folder });
    children.push(watching);
    let text = '';
    watching.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    let count = 0;
    await waitFor('the change is told of', () => {
      count += 1;
      near.start(`new${String(count)}`, `10.1.1.${String(count % 200)}`);
      return Promise.resolve(/^new\d+\.marathon\.mesos 10\.1\.1\.\d+$/m.test(text) || undefined);
    });
    const ended = new Promise((resolve) => watching.once('exit', resolve));
    watching.kill('SIGINT');
    expect(await ended).toBe(0);
  }, 60_000);

  test('is found by its address, by every command and by an orchestrator elsewhere', async () => {
    const { dnsHttp } = JSON.parse(await readFile(`${data}.json`, 'utf8')) as { dnsHttp: string };
    const bare = dnsHttp.replace(/^http:\/\//, '');
    const elsewhere = (...words: string[]) =>
      run(process.execPath, [STADION, 'dns', ...words, '--data-dir', join(folder, 'nothing here')], { cwd: folder });
    expect((await elsewhere('query', 'web.marathon.eu.mesos', '--dns-url', dnsHttp)).stdout).toContain('10.3.0.1');
    expect((await elsewhere('records', 'web', '--dns-url', `${bare}/`)).stdout).toContain('10.1.0.1');
    expect(await elsewhere('status', '--dns-url', bare)).toMatchObject({ code: 0 });
    expect((await elsewhere('log', '--dns-url', dnsHttp)).stdout).toContain('web.marathon.eu.mesos');
    expect(await elsewhere('oor', 'two', '--dns-url', dnsHttp)).toMatchObject({ code: 0 });
    expect(await dig('-p', port, 'web.marathon.mesos')).toEqual(['10.1.0.1']);
    expect(await elsewhere('bir', 'two', '--dns-url', dnsHttp)).toMatchObject({ code: 0 });
    expect(await dig('-p', port, 'web.marathon.mesos')).toEqual(['10.1.0.1', '10.2.0.1']);
    const wrong = await elsewhere('status', '--dns-url', 'http://[');
    expect(wrong.stderr).toContain("'http://[' is not an address");
    expect((await elsewhere('status', '--dns-url', 'http://127.0.0.1:1')).code).toBe(1);

    const addresses = join(folder, 'orchestrator.json');
    const where = ['--data-dir', join(folder, 'orchestrator'), '--addresses-file', addresses];
    const flags = ['--master', near.url, '--orchestrator-port', '0', '--dns-url', dnsHttp];
    children.push(spawn(process.execPath, [STADION, 'orchestrator', ...where, ...flags], { stdio: 'ignore' }));
    const text = await waitFor('it is ready', () => readFile(addresses, 'utf8').catch(() => undefined), 60_000);
    const { orchestrator } = JSON.parse(text) as { orchestrator: string };
    const status = await (await fetch(`${orchestrator}/v2/names/status`)).json();
    expect(status).toMatchObject({ ready: true, zones: [{ domain: 'mesos' }, { domain: 'eu.mesos' }] });
  }, 120_000);

  test('is refused what it cannot understand before anything runs', async () => {
    const zones = await cli('dns', '--master', near.url, '--dns-zones', 'EU=http://m:1');
    expect(zones.code).toBe(1);
    expect(zones.stderr).toContain("--dns-zones: 'EU' is not a domain");
    const splits = await cli('dns', '--master', near.url, '--dns-splits', '10.0.0.0/99=10.0.0.0/8');
    expect(splits.stderr).toContain("--dns-splits: '10.0.0.0/99' is not a network");
  });
});

test.skipIf(missing.includes('dig'))(
  'a state of a megabyte is read beside the answers, each name of it',
  async () => {
    const tasks = Array.from({ length: 5000 }, (_, index) => {
      return task(`t${String(index)}`, `app${String(index)}`, `10.4.${String(index >> 8)}.${String(index & 255)}`);
    });
    const large = await startMaster(tasks);
    const own = await freePort();
    await startDns(join(folder, 'large'), ['--master', large.url, '--dns-port', own]);
    for (const index of [0, 499, 500, 4999]) {
      await waitFor(
        `app${String(index)} has a name`,
        async () => {
          const found = await dig('-p', own, `app${String(index)}.marathon.mesos`);
          return found.join() === `10.4.${String(index >> 8)}.${String(index & 255)}`;
        },
        40_000,
      );
    }
    large.server.closeAllConnections();
    large.server.close();
  },
  60_000,
);

describe.skipIf(missing.includes('dig') || !hasZooKeeper())('masters that meet in ZooKeeper', () => {
  let zookeeper: ZooKeeperEnsemble;

  beforeAll(async () => {
    zookeeper = await ZooKeeperEnsemble.start({ servers: 1 });
  }, 70_000);
  afterAll(() => zookeeper.stop());

  /** What a master of Apache Mesos writes of itself. */
  const infoOf = ({ port: own }: Master): string =>
    JSON.stringify({
      ...{ id: 'M', hostname: 'localhost', ip: 16_777_343, port: own, version: '1.11.0' },
      ...{ pid: `master@127.0.0.1:${String(own)}`, address: { hostname: 'localhost', ip: '127.0.0.1', port: own } },
    });

  test('whoever leads is asked, and its successor when it goes', async () => {
    const url = `zk://${zookeeper.connectString}/mesos`;
    const parts = { url, clock: systemClock, timers: systemTimers, log: silentLogger };
    const [first, second] = [await openZooKeeperStore(parts), await openZooKeeperStore(parts)];
    await first.campaign(infoOf(near));
    const succession = second.campaign(infoOf(far));
    const own = await freePort();
    await startDns(join(folder, 'zk'), ['--zk', url, '--dns-port', own]);
    const ask = async (): Promise<string> => String(await dig('-p', own, 'web.marathon.mesos'));
    await waitFor('the first is read', async () => (await ask()) === '10.1.0.1,10.2.0.1' || undefined, 40_000);
    await first.close();
    await succession;
    await waitFor('the second is read', async () => (await ask()) === '10.3.0.1' || undefined, 40_000);
    await second.close();
  }, 120_000);
});

describe('the resolver of a machine', () => {
  test.each([
    ['resolved', 'etc/systemd/resolved.conf.d/stadion.conf', ['DNS=10.0.0.9:53', 'Domains=~mesos']],
    ['dnsmasq', 'etc/dnsmasq.d/stadion.conf', ['server=/mesos/10.0.0.9#53']],
    ['resolv.conf', 'etc/resolv.conf', ['nameserver 10.0.0.9']],
  ])(
    '%s is set up and put back as it was',
    async (kind, path, lines) => {
      const root = join(folder, kind);
      const file = join(root, path);
      const before = kind === 'resolv.conf' ? 'nameserver 192.0.2.1\nsearch example.test\n' : undefined;
      if (before !== undefined) {
        await run('mkdir', ['-p', join(root, 'etc')]);
        await writeFile(file, before);
      }
      const where = ['--root', root, '--server', '10.0.0.9:53'];
      for (let time = 0; time < 2; time += 1) expect((await cli('dns', 'setup', kind, ...where)).code).toBe(0);
      const written = (await readFile(file, 'utf8')).split('\n');
      for (const line of lines) expect(written.filter((one) => one === line)).toHaveLength(1);
      if (before !== undefined) expect(written.join('\n')).toContain(before);
      expect((await cli('dns', 'setup', kind, ...where, '--undo')).code).toBe(0);
      expect(await readFile(file, 'utf8').catch(() => undefined)).toBe(before);
    },
    60_000,
  );
});
