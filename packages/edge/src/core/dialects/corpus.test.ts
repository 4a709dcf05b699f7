import { describe, expect, it } from 'vitest';
import { corpus } from '../../testing/label-corpus.ts';
import { sampleView } from '../../testing/sample-apps.ts';
import { fragmentOf } from '../fragments.ts';
import { RouterIndex, type Routable } from '../matcher.ts';
import type { Fragment, Router } from '../model.ts';
import { compileRule, type RequestView } from '../rule/evaluate.ts';
import { hostsOf } from '../rule/rule.ts';
import { RouteTable } from '../table.ts';
import { defaultDialectOptions } from './options.ts';

const options = { ...defaultDialectOptions, groups: ['external'] };

interface Entry extends Routable {
  readonly router: Router;
}

function indexOf(fragment: Fragment): RouterIndex<Entry> {
  const index = new RouterIndex<Entry>();
  const entries = fragment.routers.map((router) => ({
    name: router.name,
    priority: router.priority,
    matches: compileRule(router.rule),
    hosts: hostsOf(router.rule),
    entryPoints: router.entryPoints,
    router,
  }));
  index.change([], entries);
  return index;
}

function find(index: RouterIndex<Entry>, text: string): Entry | undefined {
  const words = text.split(' ');
  const [entryPoint = '', method = '', url = ''] = words.length === 3 ? words : ['http', ...words];
  const slash = url.indexOf('/');
  const request: RequestView = {
    method,
    host: url.slice(0, slash).toLowerCase(),
    path: url.slice(slash),
    query: '',
    headers: {},
    clientIp: '127.0.0.1',
  };
  return index.find(request, entryPoint);
}

describe('label sets as people wrote them', () => {
  it.each(corpus)('$name', (entry) => {
    const fragment = fragmentOf(sampleView(entry.id, entry.labels), options);
    const index = indexOf(fragment);
    for (const text of entry.takes) expect(find(index, text), text).toBeDefined();
    for (const text of entry.leaves) expect(find(index, text), text).toBeUndefined();
    const table = new RouteTable();
    table.apply({ source: entry.id, fragment });
    const steps = new Set<string>();
    for (const router of fragment.routers) {
      const outcome = table.stepsOf(router);
      if ('missing' in outcome) throw new Error(`${router.name} lacks ${outcome.missing}`);
      for (const { step } of outcome.steps) steps.add(step.kind);
      expect(table.service(router.service)?.kind).toBe('servers');
    }
    expect([...steps].sort()).toEqual([...(entry.steps ?? [])].sort());
    expect([...new Set(fragment.problems.map(({ label }) => label))]).toEqual(entry.problems ?? []);
  });
});
