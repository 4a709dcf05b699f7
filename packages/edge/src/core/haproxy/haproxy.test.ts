import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultDialectOptions } from '../dialects/options.ts';
import { RouterIndex, type Routable } from '../matcher.ts';
import { defaultPolicy, type Fragment, type Router, type Server } from '../model.ts';
import { compileRule } from '../rule/evaluate.ts';
import { hostsOf, type Rule } from '../rule/rule.ts';
import { parseStaticFile } from '../static-file.ts';
import { routerKey } from '../table.ts';
import { renderConfiguration, type ConfigurationSettings } from './configuration.ts';
import { FastPath, WORKERS } from './fast-path.ts';
import { Running } from './running.ts';

const mapPaths = { http: '/run/http.map', https: '/run/https.map' };

function router(name: string, rule: Rule, priority: number, changes: Partial<Router> = {}): Router {
  return {
    name,
    source: 'test',
    protocol: 'http',
    entryPoints: ['http', 'https'],
    ruleText: '',
    rule,
    priority,
    middlewares: [],
    service: 'service',
    ...changes,
  };
}

function fragmentOf(routers: readonly Router[], servers: readonly Server[]): Fragment {
  const services = [{ kind: 'servers' as const, name: 'service', policy: defaultPolicy, servers }];
  return { source: 'test', routers, services, middlewares: [], problems: [] };
}

function server(port: number, weight = 1, isDraining = false): Server {
  return { id: `127.0.0.1:${String(port)}`, host: '127.0.0.1', port, weight, isDraining };
}

const hosts = ['a.test', 'b.test'] as const;
const paths = ['/', '/a', '/a/', '/a/b', '/ab', '/b', '/a/b/c'] as const;
const rules = fc.letrec<{ readonly rule: Rule }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(...hosts).map((host): Rule => ({ kind: 'host', host })),
    fc.constantFrom(...paths).map((prefix): Rule => ({ kind: 'path-prefix', prefix })),
    fc.constantFrom(...paths).map((path): Rule => ({ kind: 'path', path })),
    fc.constantFrom('GET', 'POST').map((method): Rule => ({ kind: 'method', method })),
    fc.array(tie('rule'), { minLength: 1, maxLength: 3 }).map((parts): Rule => ({ kind: 'and', rules: parts })),
    fc.array(tie('rule'), { minLength: 1, maxLength: 3 }).map((parts): Rule => ({ kind: 'or', rules: parts })),
    tie('rule').map((rule): Rule => ({ kind: 'not', rule })),
  ),
})).rule;

describe('the share of HAProxy', () => {
  it('decides as the workers do, or leaves it to them', () => {
    const routersOf = fc.array(fc.tuple(rules, fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 6 });
    const asked = fc.tuple(fc.constantFrom(...hosts), fc.constantFrom(...paths), fc.constantFrom('GET', 'POST'));
    fc.assert(
      fc.property(routersOf, asked, (drawn, [host, path, method]) => {
        const routers = drawn.map(([rule, priority], index) => router(`r${String(index)}`, rule, priority));
        const fastPath = new FastPath();
        fastPath.apply({ source: 'test', fragment: fragmentOf(routers, [server(1)]) });
        const entries = [...fastPath.entries('http', host)].filter(([prefix]) => path.startsWith(prefix));
        const [longest] = entries.sort(([one], [other]) => other.length - one.length);
        const name = longest?.[1] ?? WORKERS;
        if (name === WORKERS) return;
        const index = new RouterIndex<Routable>();
        const routables = routers.map((one) => ({
          name: routerKey(one),
          priority: one.priority,
          matches: compileRule(one.rule),
          hosts: hostsOf(one.rule),
          entryPoints: one.entryPoints,
        }));
        index.change([], routables);
        const view = { method, host, path, query: '', headers: {}, clientIp: '127.0.0.1' };
        expect(fastPath.backend(index.find(view, 'http')?.name ?? '')?.name).toBe(name);
      }),
      { numRuns: 2_000 },
    );
  });

  it('follows changes to where a fresh start would be, by commands alone', () => {
    const one = fc.uniqueArray(
      fc.record({
        port: fc.integer({ min: 1, max: 5 }),
        weight: fc.integer({ min: 0, max: 300 }),
        isDraining: fc.boolean(),
      }),
      { selector: ({ port }) => port, maxLength: 5 },
    );
    fc.assert(
      fc.property(fc.array(one, { minLength: 2, maxLength: 6 }), (states) => {
        const routers = [router('r', { kind: 'host', host: 'a.test' }, 1)];
        const fastPath = new FastPath();
        const fragments = states.map((servers) =>
          fragmentOf(
            routers,
            servers.map(({ port, weight, isDraining }) => server(port, weight, isDraining)),
          ),
        );
        fastPath.apply({ source: 'test', fragment: fragments[0] });
        const running = new Running(fastPath, mapPaths);
        const model = new Map<string, string>();
        const name = fastPath.backend('r@test')?.name ?? '';
        for (const [id, { weight }] of running.servers(name)) model.set(id, `ready ${String(weight)}`);
        for (const fragment of fragments.slice(1)) {
          const { commands, isStale } = running.follow(fastPath, fastPath.apply({ source: 'test', fragment }));
          expect(isStale).toBe(false);
          for (const text of commands) obey(model, text);
        }
        const wanted = fastPath.backend('r@test')?.servers ?? new Map<string, never>();
        const taking = [...model].filter(([, state]) => state.startsWith('ready')).sort();
        const expected = [...wanted]
          .filter(([, { isDraining }]) => !isDraining)
          .map(([id, { weight }]) => [id, `ready ${String(weight)}`])
          .sort();
        expect(taking).toEqual(expected);
      }),
    );
  });

  it('is written as a configuration in which texts of labels say nothing but themselves', async () => {
    const fragment = parseStaticFile(
      {
        http: {
          routers: {
            shop: {
              rule: 'Host(`shop.test`) && PathPrefix(`/api`)',
              service: 'shop',
              middlewares: ['strip', 'own', 'here'],
            },
            blog: { rule: 'Host(`blog.test`)', service: 'blog' },
            login: { rule: 'Host(`login.test`)', service: 'blog', middlewares: ['basic'] },
          },
          middlewares: {
            strip: { stripPrefix: { prefixes: ['/api'] } },
            own: { headers: { customRequestHeaders: { 'X-Note': '50% "quoted" \\ $HOME %[src]' } } },
            here: { ipAllowList: { sourceRange: ['10.0.0.0/8'] } },
            basic: { basicAuth: { users: ['anna:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/'] } },
          },
          services: {
            shop: {
              loadBalancer: { servers: [{ url: 'http://10.0.0.1:80', weight: 2 }, { url: 'http://10.0.0.2:80' }] },
            },
            blog: { loadBalancer: { servers: [{ url: 'http://10.0.0.3:80' }] } },
          },
        },
      },
      defaultDialectOptions,
    );
    const fastPath = new FastPath();
    fastPath.apply({ source: 'file', fragment });
    const running = new Running(fastPath, mapPaths);
    const text = renderConfiguration(fastPath, running, settings);
    await expect(`${text}\n# http.map\n${running.mapLines('http').join('\n')}\n`).toMatchFileSnapshot(
      'golden/haproxy.cfg',
    );
    const samples = [
      { fromPerSecond: 0, oneOf: 1 },
      { fromPerSecond: 500, oneOf: 256 },
    ];
    const sampled = renderConfiguration(fastPath, running, { ...settings, log: samples });
    expect(sampled.split('\n').filter((line) => line.includes('stands_for'))).toEqual([
      '  http-request set-var(txn.stands_for) int(1) if { fe_req_rate lt 500 }',
      '  http-request set-var(txn.stands_for) int(256) if { fe_req_rate ge 500 } { rand(256) eq 0 }',
      '  http-request set-log-level silent unless { var(txn.stands_for) -m found }',
      "  log-format '%b\t%s\t%ST\t%Ta\t%[var(txn.stands_for)]'",
    ]);
    expect(fastPath.carrying('login@file')).toEqual({
      kind: 'workers',
      reason: 'basic: basic-auth is done by the workers',
    });
  });
});

const settings: ConfigurationSettings = {
  hostname: 'edge-host',
  fronts: [
    { front: 'http', bind: '127.0.0.1:8000', port: 8000, isPassedOn: false },
    { front: 'https', bind: '127.0.0.1:8443', port: 8443, isPassedOn: true },
  ],
  runtimeSocket: '/run/runtime.sock',
  mapPaths,
  certificateList: '/run/certificates.txt',
  pages: '/run/pages',
  workers: {
    http: { plain: '/run/http.sock', raw: '/run/http.sock' },
    https: { plain: '/run/https.sock', raw: '/run/https-raw.sock' },
  },
  trustedProxies: ['10.0.0.0/8'],
  proxyProtocolFrom: ['10.1.0.0/16'],
  log: 'all',
  tracesRatio: 0.25,
  hardStopMs: 60_000,
  headMs: 15_000,
  idleMs: 60_000,
  headerBytes: 32_768,
};

/** What HAProxy makes of a command about servers. */
function obey(model: Map<string, string>, text: string): void {
  const [verb = '', , path = '', word = '', value = ''] = text.split(' ');
  const id = path.slice(path.indexOf('/') + 1);
  const [state = '', share = ''] = (model.get(id) ?? '').split(' ');
  if (verb === 'add') {
    expect(model.has(id)).toBe(false);
    // `add server backend/name address weight N …`
    model.set(id, `maint ${text.split(' ')[5] ?? ''}`);
  } else if (word === 'state') model.set(id, `${value} ${share}`);
  else if (word === 'weight') model.set(id, `${state} ${value}`);
}
