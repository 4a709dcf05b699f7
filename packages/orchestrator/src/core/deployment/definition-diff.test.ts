import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isConfigChange } from '../app/app-version.ts';
import { normalizeApp } from '../app/normalize.ts';
import { standardDefaults, type AppSpec } from '../app/spec.ts';
import { arbitraryInput, smallUpdate } from '../app/testing/arbitrary-input.ts';
import { makeApp } from '../app/testing/make-app.ts';
import { appDiffs, diffDefinitions } from './definition-diff.ts';
import { DIFF_APPS_MAX, DIFF_FIELDS_MAX, DIFF_VALUE_CHARACTERS_MAX } from './limits.ts';

const defaults = { ...standardDefaults, networkName: 'weave' };

function stamped(spec: AppSpec, version: string) {
  return { ...spec, version, versionInfo: { lastScalingAt: version, lastConfigChangeAt: version } };
}

/** Puts what differs into a copy of what was before. */
function patched(before: object, diffs: ReturnType<typeof diffDefinitions>): unknown {
  const copy = JSON.parse(JSON.stringify(before)) as Record<string, unknown>;
  for (const { path, after } of diffs) {
    const keys = path.slice(1).split('/');
    let target = copy;
    for (const key of keys.slice(0, -1)) target = target[key] as Record<string, unknown>;
    const last = keys.at(-1) ?? '';
    if (after === undefined) Reflect.deleteProperty(target, last);
    else target[last] = JSON.parse(after);
  }
  return copy;
}

test('what differs, put into what was before, is what comes after: no member more and none less', () => {
  fc.assert(
    fc.property(arbitraryInput, fc.oneof(arbitraryInput, smallUpdate), fc.boolean(), (one, other, isPartial) => {
      const first = normalizeApp(one, '/web', undefined, defaults);
      fc.pre(first.ok);
      const before = stamped(first.value, '2026-01-01T00:00:00.000Z');
      const second = normalizeApp(other, '/web', isPartial ? before : undefined, defaults);
      fc.pre(second.ok);
      const diffs = diffDefinitions(before, stamped(second.value, '2026-01-02T00:00:00.000Z'));
      // Long values are cut short, and a slash in the key of a label makes a path that only people can read.
      fc.pre(diffs.every(({ before: old = '', after = '' }) => isWhole(old) && isWhole(after)));
      fc.pre(keysOf([first.value, second.value]).every((key) => !key.includes('/') && key !== '__proto__'));
      const { version: _version, versionInfo: _info, ...rest } = before;
      expect(patched(rest, diffs)).toEqual(JSON.parse(JSON.stringify(second.value)));
      for (const { before: old, after } of diffs) expect(old).not.toBe(after);
      const others = diffs.filter(({ path }) => path !== '/instances');
      expect(others.length > 0).toBe(isConfigChange(first.value, second.value));
    }),
    { numRuns: 300 },
  );
});

function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [key, ...keysOf(member)]);
}

function isWhole(text: string): boolean {
  return text.length <= DIFF_VALUE_CHARACTERS_MAX;
}

test('names that every object has members of are names like any other', () => {
  const before = makeApp({ id: '/web', cmd: 'run' });
  const after = makeApp({ id: '/web', cmd: 'run', labels: { toString: 'a', constructor: 'b' } });
  expect(diffDefinitions(before, after)).toEqual([
    { path: '/labels/constructor', after: '"b"' },
    { path: '/labels/toString', after: '"a"' },
  ]);
});

test('is bounded in apps, members and characters', () => {
  const many = (value: string) => {
    const labels = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`label-${String(index)}`, value]));
    return makeApp({ id: '/web', cmd: 'run', labels });
  };
  const diffs = diffDefinitions(many('a'), many('b'.repeat(1000)));
  expect(diffs).toHaveLength(DIFF_FIELDS_MAX);
  expect(diffs[0]?.after).toHaveLength(DIFF_VALUE_CHARACTERS_MAX + 1);
  const app = many('a');
  const changes = Array.from({ length: 50 }, (_, index) => ({ id: `/${String(index)}`, from: undefined, to: app }));
  expect(appDiffs(changes)).toHaveLength(DIFF_APPS_MAX);
});

test('tells new, changed and removed apps apart, and leaves out what is the same', () => {
  const app = makeApp({ id: '/web', cmd: 'run' });
  const other = makeApp({ id: '/web', cmd: 'other' });
  expect(
    appDiffs([
      { id: '/new', from: undefined, to: app },
      { id: '/same', from: app, to: app },
      { id: '/web', from: app, to: other },
      { id: '/old', from: app, to: undefined },
    ]),
  ).toEqual([
    { app: '/new', change: 'create', fields: [] },
    { app: '/web', change: 'update', fields: [{ path: '/cmd', before: '"run"', after: '"other"' }] },
    { app: '/old', change: 'remove', fields: [] },
  ]);
});
