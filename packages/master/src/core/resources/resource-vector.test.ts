import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssertionError } from '@stadion/base';
import type { Resource } from '@stadion/contract/mesos';
import { containsPorts, intersectPorts, portRangesOf, unionPorts, type PortRanges } from './port-ranges.ts';
import { formatResources, legacyResources, parseResources } from './resource-format.ts';
import { NO_HOLDINGS, holdingKey, type Holding, type Holdings } from './holdings.ts';
import { NOTHING, add, contains, maximum, subtract, type ResourceVector } from './resource-vector.ts';

/** The second implementation: every port by itself. Few and low ports, so that ranges touch and overlap often. */
const portSet = fc.uniqueArray(fc.integer({ min: 0, max: 40 })).map((ports) => new Set(ports));

function rangesOf(ports: ReadonlySet<number>): PortRanges {
  const ranges = portRangesOf([...ports].map((port) => ({ begin: port, end: port })));
  if (ranges === undefined) throw new Error('a set of ports was refused');
  return ranges;
}

function portsOf(ranges: PortRanges): number[] {
  const ports: number[] = [];
  for (let at = 0; at < ranges.length; at += 2) {
    for (let port = ranges[at] as number; port <= (ranges[at + 1] as number); port += 1) ports.push(port);
  }
  return ports;
}

const sorted = (ports: Iterable<number>): number[] => [...ports].sort((left, right) => left - right);
const withPorts = (ports: ReadonlySet<number>): ResourceVector => ({ ...NOTHING, ports: rangesOf(ports) });

describe('port ranges', () => {
  it('agree with sets of single ports', () => {
    fc.assert(
      fc.property(portSet, portSet, (left, right) => {
        const both = [...left].filter((port) => right.has(port));
        const onlyRight = new Set([...right].filter((port) => !left.has(port)));
        expect(portsOf(rangesOf(left))).toEqual(sorted(left));
        expect(portsOf(intersectPorts(rangesOf(left), rangesOf(right)))).toEqual(sorted(both));
        expect(portsOf(unionPorts(rangesOf(left), rangesOf(right)))).toEqual(sorted(new Set([...left, ...right])));
        expect(containsPorts(rangesOf(left), rangesOf(right))).toBe([...right].every((port) => left.has(port)));
        expect(portsOf(add(withPorts(left), withPorts(onlyRight)).ports)).toEqual(sorted([...left, ...onlyRight]));
        const all = withPorts(new Set([...left, ...right]));
        expect(portsOf(subtract(all, withPorts(right)).ports)).toEqual(
          sorted([...left].filter((port) => !right.has(port))),
        );
      }),
    );
  });

  it('refuse to be taken where they are not, and to be given twice', () => {
    fc.assert(
      fc.property(portSet, portSet, (left, right) => {
        fc.pre([...right].some((port) => left.has(port)));
        expect(() => add(withPorts(left), withPorts(right))).toThrow(AssertionError);
      }),
    );
    fc.assert(
      fc.property(portSet, portSet, (left, right) => {
        fc.pre([...right].some((port) => !left.has(port)));
        expect(() => subtract(withPorts(left), withPorts(right))).toThrow(AssertionError);
      }),
    );
  });

  it('are kept whole: no two neighbours touch', () => {
    expect(rangesOf(new Set([5, 3, 4, 9]))).toEqual([3, 5, 9, 9]);
    expect(
      portRangesOf([
        { begin: 1, end: 5 },
        { begin: 5, end: 6 },
      ]),
    ).toBeUndefined();
    expect(portRangesOf([{ begin: 6, end: 5 }])).toBeUndefined();
    expect(portRangesOf([{ begin: 0, end: 65_536 }])).toBeUndefined();
    expect(portRangesOf([{ begin: 1.5, end: 2 }])).toBeUndefined();
  });
});

const amount = fc.integer({ min: 0, max: 5_000 });
/** Some of a disk of which parts are had, and a whole one or not: what is mounted always is as large as it is. */
const disks = fc.record({ part: amount, hasWhole: fc.boolean() }).map(({ part, hasWhole }): Holdings => {
  const holding = (source: Holding['source'], disk: number): Holding => ({
    ...{ cpus: 0, gpus: 0, mem: 0, disk, ports: NOTHING.ports },
    ...{ reservations: [], volume: undefined, source, isRevocable: false },
  });
  const all = [
    ...(part > 0 ? [holding({ type: 'PATH', path: { root: '/p' } }, part)] : []),
    ...(hasWhole ? [holding({ type: 'MOUNT', mount: { root: '/m' } }, 7_000)] : []),
  ];
  return all.length === 0 ? NO_HOLDINGS : new Map(all.map((each) => [holdingKey(each), each]));
});
const vector = fc
  .record({
    ...{ cpus: amount, mem: amount, disk: amount, gpus: fc.integer({ min: 0, max: 4 }), ports: portSet, held: disks },
  })
  .map(({ ports, gpus, ...scalars }): ResourceVector => ({
    ...scalars,
    gpus: gpus * 1000,
    ports: rangesOf(ports),
  }));

describe('amounts of resources', () => {
  it('give back exactly what was taken', () => {
    fc.assert(
      fc.property(vector, vector, (left, right) => {
        const whole = maximum(left, right);
        expect(contains(whole, left) && contains(whole, right)).toBe(true);
        expect(add(subtract(whole, right), right)).toEqual(whole);
      }),
    );
  });

  it('never go below zero', () => {
    fc.assert(
      fc.property(vector, vector, (left, right) => {
        if (contains(left, right)) expect(contains(left, subtract(left, right))).toBe(true);
        else expect(() => subtract(left, right)).toThrow(AssertionError);
      }),
    );
  });

  it('survive the way through the v1 form', () => {
    fc.assert(
      fc.property(vector, (original) => {
        expect(parseResources(formatResources(original, { role: 'ops' }))).toEqual({ ok: true, vector: original });
      }),
    );
  });

  it('do not drift: a tenth ten times is one', () => {
    const tenth: Resource = { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } };
    const parsed = parseResources(Array.from({ length: 10 }, () => tenth));
    expect(parsed).toMatchObject({ ok: true, vector: { cpus: 1000 } });
  });
});

describe('resources from outside', () => {
  const scalar = (name: string, value: number): Resource => ({ name, type: 'SCALAR', scalar: { value } });

  it.each([
    ['a negative amount', [scalar('cpus', -1)], 'cpus must be a scalar'],
    ['not a number', [scalar('mem', Number.NaN)], 'mem must be a scalar'],
    ['infinity', [scalar('disk', Number.POSITIVE_INFINITY)], 'disk must be a scalar'],
    ['half a gpu', [scalar('gpus', 0.5)], 'gpus must be a whole number'],
    ['an unknown name', [scalar('bugs', 1)], 'bugs is not a resource'],
    [
      'a volume of what is not reserved',
      [{ ...scalar('disk', 1), disk: { persistence: { id: 'v' } } }],
      'not reserved',
    ],
    [
      'a port named twice',
      [1, 1].map((): Resource => ({ name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 80, end: 80 }] } })),
      'a port is named twice',
    ],
  ] satisfies [string, Resource[], string][])('with %s are refused with a sentence', (_case, resources, sentence) => {
    const parsed = parseResources(resources);
    expect(parsed.ok ? '' : parsed.problem).toContain(sentence);
  });

  it('are written in the legacy form, ports as text', () => {
    expect(legacyResources({ ...NOTHING, cpus: 1500, ports: [31000, 31005, 31010, 31010] })).toEqual({
      cpus: 1.5,
      gpus: 0,
      mem: 0,
      disk: 0,
      ports: '[31000-31005, 31010-31010]',
    });
  });
});
