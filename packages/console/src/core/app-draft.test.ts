import { describe, expect, test } from 'vitest';
import { memberAt, parseDraft, withMember } from './app-draft.ts';
import { placeOf, schemaProblems, serverProblems } from './app-problems.ts';
import { rebased, threeWay } from './three-way.ts';

describe('a draft', () => {
  const draft = { id: '/a', env: { A: '1' }, ports: [1, 2] };

  test('is changed at a path, and what becomes empty goes', () => {
    expect(withMember(draft, ['env', 'B'], '2')).toEqual({ ...draft, env: { A: '1', B: '2' } });
    expect(withMember(draft, ['env', 'A'], undefined)).toEqual({ id: '/a', ports: [1, 2] });
    expect(withMember(draft, ['ports', 0], undefined)).toEqual({ ...draft, ports: [2] });
    expect(withMember(draft, ['healthChecks', 0, 'path'], '/')).toEqual({ ...draft, healthChecks: [{ path: '/' }] });
    expect(memberAt(draft, ['ports', 1])).toBe(2);
    expect(memberAt(draft, ['id', 'x'])).toBeUndefined();
  });

  test('keeps the order of its members', () => {
    expect(Object.keys(withMember(draft, ['id'], '/b') as object)).toEqual(['id', 'env', 'ports']);
  });

  test('that is no JSON, or no object, says why', () => {
    expect(parseDraft('{"id"')).toHaveProperty('problem');
    expect(parseDraft('[1]')).toEqual({ problem: 'Apps and pods are JSON objects: { "id": "/…", … }' });
  });
});

describe('problems', () => {
  test('come from the schema of the server, with its way of writing paths', () => {
    const problems = schemaProblems({ id: '/a', cmd: 'x', instances: 'many', healthChecks: [{}, { portIndex: -1 }] });
    expect(problems.map(({ path }) => path)).toEqual(['/instances', '/healthChecks(1)/portIndex']);
    expect(schemaProblems({ id: '/a', cmd: 'x' })).toEqual([]);
    expect(schemaProblems({}).map(({ path }) => path)).toEqual(['/id', '/cmd']);
    expect(serverProblems([{ path: '/id', errors: ['one', 'two'] }])).toHaveLength(2);
  });

  test('are found in the text', () => {
    const text = JSON.stringify({ a: 'b,[', healthChecks: [{ path: '/' }, { path: '/', portIndex: 7 }] }, undefined, 2);
    const { from, to } = placeOf(text, '/healthChecks(1)/portIndex');
    expect(text.slice(from, to)).toBe('"portIndex": 7');
    expect(placeOf(text, '/nowhere').from).toBe(0);
  });
});

describe('two changes of the same', () => {
  const base = { id: '/a', mem: 32, cpus: 1, labels: { a: '1', b: '2' } };
  const mine = { id: '/a', mem: 64, cpus: 2, labels: { b: '2', a: '1' } };
  const theirs = { id: '/a', mem: 128, cpus: 2, instances: 3, labels: { a: '1', b: '2' } };

  test('are told apart, member by member', () => {
    expect(threeWay(base, mine, theirs).map(({ name, by }) => `${name} ${by}`)).toEqual([
      'cpus both',
      'instances theirs',
      'mem conflict',
    ]);
  });

  test('are put together, mine on top', () => {
    expect(rebased(base, mine, theirs)).toEqual({ ...theirs, mem: 64 });
    expect(rebased(base, { id: '/a' }, theirs)).toEqual({ id: '/a', instances: 3 });
  });
});
