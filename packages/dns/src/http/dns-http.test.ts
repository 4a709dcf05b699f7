import { silentLogger } from '@stadion/base';
import { SystemRandom, systemClock, systemTimers } from '@stadion/base/system';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DnsEnumeration } from '@stadion/contract/dns';
import { dnsConfig } from '../config.ts';
import { Dns } from '../dns.ts';
import { clusterState, marathonDiscovery, stateTask } from '../testing/cluster-state.ts';
import { FakeCluster } from '../testing/fake-cluster.ts';
import { createDnsHttp } from './dns-http.ts';

/** Every key of Mesos-DNS's `/v1/config`, in its order and spelling. */
const CONFIG_KEYS = [
  ...['RefreshSeconds', 'Port', 'Timeout', 'StateTimeoutSeconds', 'ZkDetectionTimeout', 'HttpPort', 'TTL'],
  ...['SRVRecordDefaultWeight', 'SOASerial', 'SOARefresh', 'SOARetry', 'SOAExpire', 'SOAMinttl', 'SOAMname'],
  ...['SOARname', 'Masters', 'ZoneResolvers', 'Resolvers', 'IPSources', 'Zk', 'Domain', 'File', 'Listener'],
  ...['HTTPListener', 'RecurseOn', 'DnsOn', 'HttpOn', 'ExternalOn', 'EnforceRFC952', 'SetTruncateBit'],
  ...['EnumerationOn', 'MesosHTTPSOn', 'CACertFile', 'CertFile', 'KeyFile', 'MesosCredentials', 'IAMConfigFile'],
  'MesosAuthentication',
];

let cluster: FakeCluster;
let dns: Dns;
let http: FastifyInstance;

beforeAll(async () => {
  const named = marathonDiscovery('web', [{ number: 80, name: 'http', protocol: 'tcp' }]);
  cluster = new FakeCluster(
    clusterState([
      stateTask('one', 'task-one', { addresses: ['10.1.0.1', 'fd00::1'], discovery: named }),
      stateTask('two', 'task-two', { addresses: ['10.1.0.2'], discovery: named }),
      stateTask('old', 'old', { state: 'TASK_FINISHED' }),
    ]),
  );
  await cluster.start();
  dns = new Dns({
    config: dnsConfig({ clusters: [{ domain: 'mesos', masters: [cluster.url] }], port: 0 }),
    time: { ...systemClock, ...systemTimers },
    random: new SystemRandom(),
    log: silentLogger,
  });
  await dns.start();
  http = createDnsHttp(dns);
});

afterAll(async () => {
  await dns.stop();
  await http.close();
  await cluster.stop();
});

const inject = (options: InjectOptions) => http.inject(options);
const get = async (url: string): Promise<unknown> => (await inject({ url })).json();

describe('as Mesos-DNS', () => {
  test('hosts: IPv4 first, the name in lower case with its dot; for what is unknown one element of empty texts', async () => {
    expect(await get('/v1/hosts/LEADER.mesos')).toEqual([{ host: 'leader.mesos.', ip: '10.0.0.1' }]);
    const host = 'web.marathon.mesos.';
    expect(await get('/v1/hosts/Web.marathon.mesos.')).toEqual([
      { host, ip: '10.1.0.1' },
      { host, ip: '10.1.0.2' },
      { host, ip: 'fd00::1' },
    ]);
    expect(await get('/v1/hosts/nobody.mesos')).toEqual([{ host: '', ip: '' }]);
  });

  test('services: as spelled in the URL, the port as a text, an address of each kind of every target', async () => {
    expect(await get('/v1/services/_leader._tcp.mesos.')).toEqual([
      { service: '_leader._tcp.mesos.', host: 'leader.mesos.', ip: '10.0.0.1', port: '5050' },
    ]);
    const found = (await get('/v1/services/_HTTP._web._tcp.marathon.mesos')) as { host: string; ip: string }[];
    expect(found.map(({ ip }) => ip)).toEqual(['10.1.0.1', 'fd00::1', '10.1.0.2']);
    expect(found[0]).toEqual({
      service: '_HTTP._web._tcp.marathon.mesos',
      host: expect.stringMatching(/^web-[a-z0-9]{5}-s0\.marathon\.mesos\.$/) as unknown,
      ip: '10.1.0.1',
      port: '80',
    });
    expect(await get('/v1/services/_x._tcp.mesos')).toEqual([{ service: '', host: '', ip: '', port: '' }]);
  });

  test('the whole zone', async () => {
    expect(await get('/v1/axfr')).toMatchObject({
      ...{ TTL: 5, Domain: 'mesos', RefreshSeconds: 30, Mname: 'ns1.mesos.', Rname: 'root.ns1.mesos.' },
      Records: {
        As: { 'web.marathon.mesos.': ['10.1.0.1', '10.1.0.2'] },
        AAAAs: { 'web.marathon.mesos.': ['fd00::1'] },
        SRVs: { '_slave._tcp.mesos.': ['slave.mesos.:5051'] },
      },
    });
  });

  test('records by task: running ones only, each record once, tasks by their own name', async () => {
    const { frameworks } = (await get('/v1/enumerate')) as DnsEnumeration;
    expect(frameworks.map(({ name }) => name)).toEqual(['marathon']);
    const tasks = frameworks[0]?.tasks ?? [];
    expect(tasks.map(({ id, name }) => [id, name])).toEqual([
      ['one', 'task-one'],
      ['two', 'task-two'],
    ]);
    const records = tasks.flatMap((task) => task.records);
    const texts = records.map(({ name, host, rtype }) => `${name} ${rtype} ${host}`);
    expect(new Set(texts).size).toBe(texts.length);
    // Both run on one agent: its address belongs to the first.
    const shared = 'web.marathon.slave.mesos. A 10.0.0.10';
    expect(tasks.map((task) => task.records.some((one) => `${one.name} ${one.rtype} ${one.host}` === shared))).toEqual([
      true,
      false,
    ]);
    expect(texts).toContain('web.marathon.mesos. AAAA fd00::1');
    expect(texts.filter((text) => text.startsWith('_http._web._tcp.marathon.mesos. SRV '))).toHaveLength(2);
    expect(texts.filter((text) => text.includes(' SRV ')).every((text) => /\.:\d+$/.test(text))).toBe(true);
    expect(texts.some((text) => /^(leader|slave|ns1|marathon)\.mesos\./.test(text))).toBe(false);
  });

  test('the configuration with its keys, and without a secret', async () => {
    const config = (await get('/v1/config')) as Record<string, unknown>;
    expect(Object.keys(config)).toEqual(CONFIG_KEYS);
    expect(config['MesosCredentials']).toEqual({ Principal: '', Secret: '' });
  });

  test('with its form and its refusals', async () => {
    const version = await inject({ url: '/v1/version' });
    expect(version.headers['content-type']).toBe('application/json');
    expect(version.body).toBe(
      ' {\n  "Service": "Mesos-DNS",\n  "URL": "https://github.com/mesosphere/mesos-dns",\n  "Version": "stadion"\n }',
    );
    const status = async (method: 'GET' | 'HEAD' | 'POST', url: string, accept?: string) => {
      const answer = await inject({ method, url, headers: accept === undefined ? {} : { accept } });
      return [answer.statusCode, answer.headers['content-type']];
    };
    expect(await status('GET', '/v1/version', 'text/html')).toEqual([406, 'text/plain']);
    expect(await status('HEAD', '/v1/version')).toEqual([405, 'text/plain']);
    expect(await status('POST', '/v1/hosts/x')).toEqual([405, 'text/plain']);
    expect(await status('GET', '/nothing')).toEqual([404, 'text/plain']);
    expect(await status('GET', '/v1/hosts/x/ports')).toEqual([501, 'text/plain']);
    expect((await inject({ url: '/v1/hosts/x/ports' })).body).toBe('To be implemented...');
  });
});

describe('beyond Mesos-DNS', () => {
  test('lookups, the query log, counters', async () => {
    expect(await get('/v1/lookup?name=_leader._tcp.mesos&type=srv')).toMatchObject({
      code: 'NOERROR',
      authoritative: true,
      answers: [{ name: '_leader._tcp.mesos', type: 'SRV', ttl: 5, value: '0 1 5050 leader.mesos.' }],
    });
    expect((await inject({ url: '/v1/lookup?name=x&type=nonsense' })).statusCode).toBe(400);
    const { queries } = (await get('/v1/queries')) as { queries: unknown[] };
    expect(queries.at(-1)).toMatchObject({
      ...{ name: '_leader._tcp.mesos', type: 'SRV', code: 'NOERROR', transport: 'http', records: 1 },
    });
    const metrics = (await inject({ url: '/metrics' })).body;
    expect(metrics).toMatch(/stadion_dns_answers_total\{source="zone",code="NOERROR"\} \d+/);
  });

  test('the names page by page, each once and in order', async () => {
    const whole = (await get('/v1/names?limit=500')) as { total: number; names: { name: string }[] };
    const seen: string[] = [];
    for (let after = ''; ;) {
      const page = (await get(`/v1/names?limit=3&after=${after}`)) as { names: { name: string }[]; next?: string };
      seen.push(...page.names.map(({ name }) => name));
      if (page.next === undefined) break;
      after = page.next;
    }
    expect(seen).toEqual(whole.names.map(({ name }) => name));
    expect(seen).toEqual([...new Set(seen)].sort());
    expect(whole.total).toBe(seen.length);
    expect(seen).toContain('_http._web._tcp.marathon.mesos');
  });

  test('names by a part of the name or of what it has', async () => {
    expect(await get('/v1/names?text=LEADER')).toMatchObject({
      ...{ zone: 'mesos', total: 3 },
      names: [
        { name: '_leader._tcp.mesos', addresses: [], targets: ['leader.mesos:5050'] },
        { name: '_leader._udp.mesos' },
        { name: 'leader.mesos', addresses: ['10.0.0.1'], targets: [] },
      ],
    });
    expect(await get('/v1/names?text=10.1.0.2&limit=1')).toMatchObject({
      total: 2,
      names: [{ addresses: ['10.1.0.2'] }],
      next: expect.stringMatching(/^web-/) as unknown,
    });
    expect((await inject({ url: '/v1/names?zone=other' })).statusCode).toBe(404);
    expect((await inject({ url: '/v1/names?zone=mesos&zone=other' })).statusCode).toBe(404);
    for (const limit of ['0', '501', 'x']) {
      expect((await inject({ url: `/v1/names?limit=${limit}` })).statusCode).toBe(400);
    }
  });
});
