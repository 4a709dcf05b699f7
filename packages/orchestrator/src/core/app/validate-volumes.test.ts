import type { AppInput } from '@stadion/contract/orchestrator';
import { describe, expect, test } from 'vitest';
import { standardDefaults } from './spec.ts';
import { makeApp, makeSpec } from './testing/make-app.ts';
import { validateApp } from './validate.ts';

type Persistent = NonNullable<NonNullable<NonNullable<AppInput['container']>['volumes']>[number]['persistent']>;

function resident(persistent: Partial<Persistent> = {}, more: AppInput = {}): AppInput {
  const volumes = [{ containerPath: 'data', mode: 'RW' as const, persistent: { size: 10, ...persistent } }];
  return { id: '/app', cmd: 'run', container: { type: 'MESOS', volumes }, ...more };
}

function problems(input: AppInput, previous?: AppInput): readonly (readonly [string, readonly string[]])[] {
  const before = previous && makeApp(previous);
  return validateApp(makeSpec({ id: '/app', ...input }), before, standardDefaults).map(({ path, errors }) => [
    path,
    errors,
  ]);
}

test('a persistent volume brings residency and careful strategies with it', () => {
  const spec = makeSpec(resident());
  expect(spec).toMatchObject({
    residency: { relaunchEscalationTimeoutSeconds: 3600, taskLostBehavior: 'WAIT_FOREVER' },
    upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 },
    unreachableStrategy: 'disabled',
    acceptedResourceRoles: ['*'],
    container: { volumes: [{ persistent: { type: 'root', size: 10, constraints: [] } }] },
  });
  expect(problems(resident())).toEqual([]);
});

test('residency without a persistent volume is refused', () => {
  expect(problems({ cmd: 'run', residency: { taskLostBehavior: 'WAIT_FOREVER' } })).toEqual([
    ['/', ['AppDefinition must contain persistent volumes and define residency']],
  ]);
});

test.each<[string, AppInput, string]>([
  ['a larger size on a root disk', resident({ maxSize: 20 }), '/container/volumes(0)/persistent/maxSize'],
  [
    'a largest size below the size',
    resident({ type: 'mount', maxSize: 5 }),
    '/container/volumes(0)/persistent/maxSize',
  ],
  [
    'constraints on a root disk',
    resident({ constraints: [['path', 'LIKE', '/x']] }),
    '/container/volumes(0)/persistent/constraints',
  ],
  [
    'constraints on anything but the path',
    resident({ type: 'path', constraints: [['size', 'LIKE', '/x']] }),
    '/container/volumes(0)/persistent/constraints(0)',
  ],
  [
    'an operator that disks do not know',
    resident({ type: 'path', constraints: [['path', 'UNIQUE', '/x']] }),
    '/container/volumes(0)/persistent/constraints(0)',
  ],
  [
    'more than the wanted instances',
    resident({}, { upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0.5 } }),
    '/upgradeStrategy/maximumOverCapacity',
  ],
  ['reserved resources of others', resident({}, { acceptedResourceRoles: [] }), '/acceptedResourceRoles'],
])('refused: %s', (_what, input, path) => {
  expect(problems(input).map(([at]) => at)).toContain(path);
});

describe('a change of an app with a persistent volume', () => {
  test.each<[string, AppInput, string, string]>([
    ['another size', resident({ size: 20 }), '/', 'Persistent volumes can not be changed!'],
    ['no volume', { cmd: 'run' }, '/', 'Persistent volumes can not be changed!'],
    ['more cpus', resident({}, { cpus: 2 }), '/cpus', 'Resident Tasks may not change resource requirements!'],
    ['more memory', resident({}, { mem: 512 }), '/mem', 'Resident Tasks may not change resource requirements!'],
    [
      'more ports',
      resident({}, { portDefinitions: [{ port: 0 }, { port: 0 }] }),
      '/',
      'Resident Tasks may not change host ports or requirePorts!',
    ],
  ])('is refused: %s', (_what, input, path, message) => {
    expect(problems(input, resident())).toContainEqual([path, [message]]);
  });

  test('may be about anything else', () => {
    const input = resident({}, { cmd: 'other', env: { A: 'b' }, instances: 3, labels: { a: 'b' } });
    expect(problems(input, resident())).toEqual([]);
  });

  test('may not bring the first volume', () => {
    expect(problems(resident(), { id: '/app', cmd: 'run' })).toContainEqual([
      '/',
      ['Persistent volumes can not be changed!'],
    ]);
  });
});
