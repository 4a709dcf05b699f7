import { SeededRandom } from '@stadion/base';
import { expect, test } from 'vitest';
import { assignServicePorts, servicePortsOf, standardServicePorts, type ServicePortRange } from './service-ports.ts';
import { makeSpec } from './testing/make-app.ts';

const free = (): boolean => false;

function assigned(
  input: Parameters<typeof makeSpec>[0],
  previous: readonly number[] = [],
  isUsed: (port: number) => boolean = free,
  range: ServicePortRange = standardServicePorts,
): readonly number[] | undefined {
  const outcome = assignServicePorts(makeSpec(input), previous, range, isUsed, new SeededRandom(1));
  return outcome.ok ? servicePortsOf(outcome.value) : undefined;
}

test('replaces each 0 by a different free number of the range', () => {
  const ports = assigned({ ports: [0, 0, 80, 0] }) ?? [];
  expect(new Set(ports).size).toBe(4);
  expect(ports[2]).toBe(80);
  for (const port of ports.filter((one) => one !== 80)) {
    expect(port).toBeGreaterThanOrEqual(10_000);
    expect(port).toBeLessThanOrEqual(20_000);
  }
});

test('gives service ports to port mappings', () => {
  const ports = assigned({ networks: [{ mode: 'container/bridge' }], ports: [0, 0] });
  expect(ports?.every((port) => port >= 10_000)).toBe(true);
});

test('takes previous numbers first, save those that are named now', () => {
  expect(assigned({ ports: [0, 12_000, 0] }, [12_000, 13_000, 14_000])).toEqual([13_000, 12_000, 14_000]);
});

test('takes the last free number, and says so when there is none', () => {
  const range = { min: 10_000, max: 10_003 };
  expect(assigned({ ports: [0] }, [], (port) => port !== 10_002, range)).toEqual([10_002]);
  expect(assigned({ ports: [0, 0] }, [], (port) => port !== 10_002, range)).toBeUndefined();
});

test('leaves zeros alone where a number would demand that very host port', () => {
  expect(assigned({ ports: [0, 80], requirePorts: true })).toEqual([0, 80]);
});
