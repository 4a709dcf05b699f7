import { expect, test } from 'vitest';
import { decodeApp } from './decode.ts';
import { cleanJson } from './json.ts';

function decode(text: string) {
  const cleaned = cleanJson(JSON.parse(text));
  if (!cleaned.ok) throw new Error(cleaned.reason);
  return decodeApp(cleaned.value);
}

function violations(body: unknown) {
  const decoded = decode(JSON.stringify(body));
  return decoded.ok ? [] : decoded.violations;
}

test.each([
  [{ id: 5 }, '/id', 'error.expected.jsstring'],
  [{ cpus: 'many' }, '/cpus', 'error.expected.jsnumber'],
  [{ instances: 'two' }, '/instances', 'error.expected.jsnumber'],
  [{ instances: 1.5 }, '/instances', 'error.expected.int'],
  [{ instances: 1e300 }, '/instances', 'error.expected.int'],
  [{ requirePorts: 'yes' }, '/requirePorts', 'error.expected.jsboolean'],
  [{ args: 'x' }, '/args', 'error.expected.jsarray'],
  [{ args: [1] }, '/args(0)', 'error.expected.jsstring'],
  [{ labels: [] }, '/labels', 'error.expected.jsobject'],
  [{ labels: { a: 1 } }, '/labels/a', 'error.expected.jsstring'],
  [{ container: { docker: {} } }, '/container/docker/image', 'error.path.missing'],
  [{ cpus: 0 }, '/cpus', 'error.min'],
  [{ mem: -1 }, '/mem', 'error.min'],
  [{ instances: -1 }, '/instances', 'error.min'],
  [{ ports: [65536] }, '/ports(0)', 'error.max'],
  [
    { upgradeStrategy: { minimumHealthCapacity: 2, maximumOverCapacity: 0 } },
    '/upgradeStrategy/minimumHealthCapacity',
    'error.max',
  ],
  [{ upgradeStrategy: { minimumHealthCapacity: 1 } }, '/upgradeStrategy/maximumOverCapacity', 'error.path.missing'],
  [{ healthChecks: [{ portIndex: 'x' }] }, '/healthChecks(0)/portIndex', 'error.expected.jsnumber'],
  [{ healthChecks: [{ protocol: 'ICMP' }] }, '/healthChecks(0)/protocol', 'error.unknown.enum.literal'],
  [{ cmd: '' }, '/cmd', 'error.minLength'],
  [{ fetch: [{ uri: 'x'.repeat(2000) }] }, '/fetch(0)/uri', 'error.maxLength'],
  [{ constraints: [['hostname']] }, '/constraints(0)', 'error.minLength'],
  [{ constraints: [['a', 'b', 'c', 'd']] }, '/constraints(0)', 'error.maxLength'],
  [{ env: { A: 5 } }, '/env/A', 'error.expected.jsstring'],
  [{ env: { A: {} } }, '/env/A/secret', 'error.path.missing'],
  [
    { unreachableStrategy: { inactiveAfterSeconds: -1, expungeAfterSeconds: 0 } },
    '/unreachableStrategy/inactiveAfterSeconds',
    'error.min',
  ],
])('says of %j that %s is %s', (body, path, code) => {
  const found = violations(body);
  expect(found.map((one) => one.path)).toEqual([path]);
  expect(found[0]?.errors[0]).toBe(code);
});

test('adds a sentence where the code alone does not help', () => {
  expect(violations({ cpus: 0 })[0]?.errors).toEqual(['error.min', 'must be at least 0.001']);
  expect(violations({ killSelection: 'RANDOM' })[0]?.errors[1]).toBe('must be one of YOUNGEST_FIRST, OLDEST_FIRST');
});

test('takes null for absent', () => {
  expect(decode('{"id":"a","cmd":null,"env":{"A":null},"container":null}')).toEqual({
    ok: true,
    value: { id: 'a', env: {} },
    ignored: [],
  });
});

test('refuses infinite numbers', () => {
  const decoded = decode('{"cpus":1e999}');
  expect(decoded.ok).toBe(false);
});

test('names members that nobody knows, but not those of an answer that is sent back', () => {
  const decoded = decode(
    JSON.stringify({
      id: 'a',
      conatiner: {},
      versionInfo: {},
      tasks: [],
      container: { docker: { image: 'x', privlieged: true }, portMappings: [{ contanierPort: 1 }] },
      env: { anything: 'goes' },
    }),
  );
  expect(decoded.ok && decoded.ignored).toEqual([
    '/conatiner',
    '/container/docker/privlieged',
    '/container/portMappings(0)/contanierPort',
  ]);
});

test('counts a place in a list as part of the path', () => {
  const decoded = decodeApp({ id: 1 }, '/(3)');
  expect(decoded.ok ? undefined : decoded.violations[0]?.path).toBe('/(3)/id');
});

test('refuses members named __proto__ and bottomless nesting', () => {
  expect(cleanJson(JSON.parse('{"labels":{"__proto__":"x"}}')).ok).toBe(false);
  expect(cleanJson(JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`)).ok).toBe(false);
});

test('takes names of Object.prototype for ordinary labels', () => {
  const decoded = decode('{"labels":{"constructor":"a","toString":"b"}}');
  expect(decoded.ok && decoded.value.labels).toEqual({ constructor: 'a', toString: 'b' });
});
