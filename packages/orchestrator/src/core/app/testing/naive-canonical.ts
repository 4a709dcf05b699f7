/**
 * The table of an app's members and their defaults (Marathon reference, 2.2 to 2.8), for input in today's form, said a second
 * time in the plainest way.
 */
import { posix } from 'node:path';
import type { AppInput } from '@stadion/contract/orchestrator';
import { expect } from 'vitest';
import type { AppSpec } from '../spec.ts';

/** The canonical form of an input of the app `/a/b/app`. */
export function expectKept(input: AppInput, canonical: AppSpec): void {
  const { networks = [], container } = input;
  const isHost = networks.every(({ mode }) => mode === 'host');
  const isBridge = networks.some(({ mode }) => mode === 'container/bridge');
  const volumes = container?.volumes ?? [];
  const keeps = volumes.some(({ persistent }) => persistent !== undefined);
  const isCareful = keeps || volumes.some(({ external }) => external !== undefined);
  const defaults = {
    instances: 1,
    cpus: 1,
    mem: 128,
    disk: 0,
    gpus: 0,
    executor: '',
    labels: {},
    backoffSeconds: 1,
    backoffFactor: 1.15,
    maxLaunchDelaySeconds: 300,
    killSelection: 'YOUNGEST_FIRST',
    role: '*',
    upgradeStrategy: isCareful
      ? { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 }
      : { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    unreachableStrategy: keeps ? 'disabled' : { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
  };
  for (const [name, value] of Object.entries(defaults)) {
    expect([name, canonical[name as keyof AppSpec]]).toEqual([name, input[name as keyof AppInput] ?? value]);
  }
  for (const name of ['cmd', 'user', 'tty', 'taskKillGracePeriodSeconds'] as const) {
    expect(canonical[name]).toBe(input[name]);
  }
  for (const name of ['args', 'env', 'secrets'] as const) expect(canonical[name] ?? {}).toEqual(orNothing(input[name]));
  expect(canonical.requirePorts).toBe(isHost && input.requirePorts === true);
  const base = (name: string): string => (name.startsWith('.') ? '/a/b/app' : '/a/b');
  const dependencies = (input.dependencies ?? []).map((name) => posix.resolve(base(name), name));
  expect(canonical.dependencies ?? []).toEqual([...new Set(dependencies)]);
  expect(canonical.constraints ?? []).toEqual(
    (input.constraints ?? []).map(([field, operator = '', ...value]) => [field, operator.toUpperCase(), ...value]),
  );
  expect(canonical.fetch ?? []).toEqual(
    (input.fetch ?? []).map((artifact) => ({ extract: true, executable: false, cache: false, ...artifact })),
  );
  expect(canonical.networks.map(({ mode }) => mode)).toEqual(
    networks.length === 0 ? ['host'] : networks.map(({ mode = 'container' }) => mode),
  );
  if (isHost) {
    const asked = input.portDefinitions ?? [{ name: 'default' }];
    expect(canonical.portDefinitions).toEqual(asked.map((one) => withoutEmpty({ port: 0, protocol: 'tcp', ...one })));
  } else {
    const asked = [...(container?.portMappings ?? [])];
    if (container?.portMappings === undefined && input.portDefinitions === undefined) asked.push({ name: 'default' });
    while (asked.length < (input.portDefinitions?.length ?? 0)) asked.push({});
    const mapping = { containerPort: 0, servicePort: 0, protocol: 'tcp', labels: {}, ...(isBridge && { hostPort: 0 }) };
    expect(canonical.container?.portMappings).toEqual(asked.map((one) => ({ ...mapping, ...one })));
  }
  const times = { gracePeriodSeconds: 300, intervalSeconds: 60, timeoutSeconds: 20, maxConsecutiveFailures: 3 };
  for (const check of canonical.healthChecks ?? []) expect(check).toMatchObject({ ...times });
  for (const { protocol, delaySeconds } of canonical.healthChecks ?? []) {
    const isOfMesos = protocol === 'COMMAND' || protocol.startsWith('MESOS_');
    expect(delaySeconds !== undefined).toBe(isOfMesos);
  }
}

/** What is empty is left out of canonical lists and maps. */
function orNothing(value: object | undefined): object {
  return value === undefined || Object.keys(value).length === 0 ? {} : value;
}

function withoutEmpty(value: { readonly labels?: object }): object {
  const { labels, ...rest } = value;
  return labels === undefined || Object.keys(labels).length === 0 ? rest : value;
}
