import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { corpus } from '../../testing/label-corpus.ts';
import { sampleApp, sampleTask, sampleView } from '../../testing/sample-apps.ts';
import { viewOf } from '../app-view.ts';
import { fragmentOf, sourcesOf } from '../fragments.ts';
import { parseStaticFile } from '../static-file.ts';
import { RouteTable } from '../table.ts';
import { defaultDialectOptions } from './options.ts';

const options = { ...defaultDialectOptions, groups: ['external'] };
const on = { 'traefik.enable': 'true' };

function serversOf(id: string, labels: Record<string, string>, changes: Parameters<typeof sampleApp>[2] = {}) {
  const fragment = fragmentOf(sampleView(id, labels, changes), options);
  return fragment.services.flatMap((service) => (service.kind === 'servers' ? service.servers : []));
}

describe('the servers of an app', () => {
  it('are at the host port of the index, and at a fixed port where one is named', () => {
    expect(serversOf('/a', on).map(({ id }) => id)).toEqual(['10.0.0.1:31000', '10.0.0.1:31002']);
    expect(serversOf('/a', { ...on, 'traefik.portIndex': '1' }).map(({ port }) => port)).toEqual([31001, 31003]);
    expect(serversOf('/a', { ...on, 'traefik.port': '8080' }).map(({ port }) => port)).toEqual([8080, 8080]);
  });

  it('are at the container port of a container network, where Traefik looked in vain', () => {
    const changes = {
      networks: [{ mode: 'container' as const, name: 'net' }],
      container: {
        type: 'MESOS' as const,
        volumes: [],
        portMappings: [{ containerPort: 8080, servicePort: 10_000, protocol: 'tcp' as const, labels: {} }],
      },
      tasks: [sampleTask('/a', 0, { ports: [], ipAddresses: [{ ipAddress: '9.0.0.7', protocol: 'IPv4' }] })],
    };
    expect(serversOf('/a', on, changes).map(({ id }) => id)).toEqual(['9.0.0.7:8080']);
  });

  it('share requests by the weight of a canary, until there are more new ones than it has', () => {
    const versionInfo = { lastScalingAt: '2026-01-02T00:00:00.000Z', lastConfigChangeAt: '2026-01-02T00:00:00.000Z' };
    const [old, fresh] = ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'];
    const weights = (versions: readonly string[], weight?: number, instances = 1) =>
      serversOf('/a', on, {
        versionInfo,
        upgradeStrategy: {
          ...{ minimumHealthCapacity: 1, maximumOverCapacity: 1 },
          canary: { instances, ...(weight !== undefined && { weight }) },
        },
        tasks: versions.map((version, index) => sampleTask('/a', index, { version, serving: true, draining: false })),
      }).map((server) => server.weight);
    // A tenth for one of four: 1/10 against 3/10 each.
    expect(weights([old, old, old, fresh], 10)).toEqual([3, 3, 3, 1]);
    expect(weights([old, fresh, fresh], 50, 2)).toEqual([2, 1, 1]);
    expect(weights([old, fresh, fresh], 50, 1)).toEqual([1, 1, 1]);
    expect(weights([old, old], 10)).toEqual([1, 1]);
    expect(weights([fresh], 10)).toEqual([1]);
    expect(weights([old, fresh])).toEqual([1, 1]);
  });

  it('join when healthy, finish what they have while they drain, and leave', () => {
    const check = {
      protocol: 'HTTP' as const,
      gracePeriodSeconds: 1,
      intervalSeconds: 1,
      timeoutSeconds: 1,
      maxConsecutiveFailures: 1,
    };
    const result = (alive: boolean) => ({ alive, consecutiveFailures: 0, instanceId: 'i' });
    const tasks = [
      sampleTask('/a', 0, { healthCheckResults: [result(true)] }),
      sampleTask('/a', 1, { healthCheckResults: [result(false)] }),
      sampleTask('/a', 2),
      sampleTask('/a', 3, { state: 'TASK_KILLING', healthCheckResults: [result(true)] }),
      sampleTask('/a', 4, { state: 'TASK_UNREACHABLE', healthCheckResults: [result(true)] }),
      sampleTask('/a', 5, { serving: true, draining: false }),
      sampleTask('/a', 6, { serving: false, draining: true }),
      sampleTask('/a', 7, { serving: false, draining: false, healthCheckResults: [result(true)] }),
    ];
    const servers = serversOf('/a', on, { healthChecks: [check], tasks });
    expect(servers.map(({ port, isDraining }) => [port, isDraining === true])).toEqual([
      [31000, false],
      [31006, true],
      [31010, false],
      [31012, true],
    ]);
  });

  it('stay when a change of leader has blanked their health', () => {
    const app = sampleApp('/a', on, {
      healthChecks: [
        { protocol: 'TCP', gracePeriodSeconds: 1, intervalSeconds: 1, timeoutSeconds: 1, maxConsecutiveFailures: 1 },
      ],
    });
    const view = viewOf(app, { nowMs: 0, wasServing: (id) => id.endsWith('-0') });
    expect(view.instances.map(({ taskId }) => taskId)).toEqual(['a.instance-0']);
  });
});

describe('apps that share a service', () => {
  it('pool their servers, and split by share whatever their numbers', () => {
    const table = new RouteTable();
    for (const [id, share, count] of [
      ['/blue', '90', 1],
      ['/green', '10', 2],
    ] as const) {
      const tasks = Array.from({ length: count }, (_, index) =>
        sampleTask(id, index, { host: id === '/blue' ? '10.0.0.1' : '10.0.0.2' }),
      );
      const labels = { ...on, 'traefik.backend': 'web', 'stadion.edge.share': share };
      table.apply({ source: id, fragment: fragmentOf(sampleView(id, labels, { tasks }), options) });
    }
    const service = table.service('backendweb');
    const weights = service?.kind === 'servers' ? service.servers.map(({ weight }) => weight) : [];
    expect(weights).toEqual([90_000, 5_000, 5_000]);
  });

  it('of one deployment group are one app, and old instances leave as new ones are healthy', () => {
    const labels = (colour: string, startedAt: string) => ({
      HAPROXY_GROUP: 'external',
      HAPROXY_0_VHOST: 'x.example.com',
      HAPROXY_DEPLOYMENT_GROUP: 'shop',
      HAPROXY_DEPLOYMENT_COLOUR: colour,
      HAPROXY_DEPLOYMENT_STARTED_AT: startedAt,
      HAPROXY_DEPLOYMENT_TARGET_INSTANCES: '2',
    });
    const sources = sourcesOf([
      sampleView('/shop-blue', labels('blue', '2026-01-01')),
      sampleView('/shop-green', labels('green', '2026-01-02'), {
        tasks: [sampleTask('/shop-green', 0, { host: '10.0.0.2' })],
      }),
    ]);
    expect([...sources.keys()]).toEqual(['/shop']);
    expect(sources.get('/shop')?.instances.map(({ isDraining }) => isDraining)).toEqual([true, false, false]);
  });
});

describe('a file of routes', () => {
  it('says what labels would say, with servers outside the cluster', () => {
    const fragment = parseStaticFile(
      {
        http: {
          routers: { old: { rule: 'Host(`old.example.com`)', service: 'legacy', middlewares: ['zip'] } },
          middlewares: { zip: { compress: {} } },
          services: {
            legacy: { loadBalancer: { servers: [{ url: 'http://192.168.1.4:8080' }, { url: 'http://192.168.1.5' }] } },
            split: {
              weighted: {
                services: [
                  { name: 'legacy', weight: 3 },
                  { name: 'other', weight: 1 },
                ],
              },
            },
          },
        },
        tcp: {
          routers: { db: { rule: 'HostSNI(`db.example.com`)', service: 'db', tls: { passthrough: true } } },
          services: { db: { loadBalancer: { servers: [{ address: '192.168.1.6:5432' }] } } },
        },
      },
      options,
    );
    expect(fragment.problems).toEqual([]);
    expect(fragment.routers.map(({ name, protocol, service }) => [name, protocol, service])).toEqual([
      ['old', 'http', 'legacy'],
      ['db', 'tcp', 'db'],
    ]);
    expect(fragment.services.find(({ name }) => name === 'split')).toMatchObject({ kind: 'weighted' });
    expect(fragment.middlewares).toEqual([{ name: 'zip', step: { kind: 'compress', minBytes: 1024 } }]);
  });

  it('that is nonsense is reported, never thrown', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        parseStaticFile({ http: value, tcp: value }, options);
        parseStaticFile(value, options);
      }),
      { numRuns: 200 },
    );
  });
});

describe('any labels whatever', () => {
  const names = [...new Set(corpus.flatMap(({ labels }) => Object.keys(labels)))];
  const values = [...new Set(corpus.flatMap(({ labels }) => Object.values(labels)))];
  const text = fc.oneof(fc.constantFrom(...values), fc.string(), fc.string({ unit: 'grapheme' }));
  const name = fc.oneof(
    fc.constantFrom(...names),
    fc.string().map((tail) => `traefik.${tail}`),
    fc.string().map((tail) => `traefik.http.routers.${tail}`),
    fc.string().map((tail) => `HAPROXY_0_${tail}`),
  );

  it('give routes that can be used or problems that can be read, and never throw', () => {
    fc.assert(
      fc.property(fc.dictionary(name, text, { maxKeys: 12 }), (labels) => {
        const fragment = fragmentOf(sampleView('/fuzz', { ...on, HAPROXY_GROUP: 'external', ...labels }), {
          ...options,
          servicePorts: true,
        });
        for (const problem of fragment.problems) expect(problem.message).not.toBe('');
        const table = new RouteTable();
        table.apply({ source: '/fuzz', fragment });
        for (const router of fragment.routers) table.stepsOf(router);
      }),
      { numRuns: 1_000 },
    );
  });
});
