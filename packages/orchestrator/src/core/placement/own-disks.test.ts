import { SeededRandom } from '@stadion/base';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { Resource } from '@stadion/contract/mesos';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchOffers } from './matcher.ts';
import { assignDisks, ownDiskDemands, withoutDisks, type OwnDisk } from './own-disks.ts';
import { anApp, aPreparedOffer } from './testing/builders.ts';

type Persistent = NonNullable<NonNullable<AppDefinition['container']>['volumes'][number]['persistent']>;

function resident(...volumes: readonly Persistent[]): AppDefinition {
  return anApp({
    cpus: 0.1,
    mem: 1,
    instances: 9,
    container: {
      type: 'MESOS',
      volumes: volumes.map((persistent, index) => ({ containerPath: `v${String(index)}`, mode: 'RW', persistent })),
    },
  });
}

function offered(type: 'PATH' | 'MOUNT', root: string, mib: number, more: Partial<Resource> = {}): Resource {
  const source = type === 'PATH' ? { type, path: { root } } : { type, mount: { root } };
  return { name: 'disk', type: 'SCALAR', scalar: { value: mib }, disk: { source }, ...more };
}

const NOTHING: ReadonlyMap<string, number> = new Map();

/** Where each volume goes. */
function placesOf(app: AppDefinition, disks: readonly OwnDisk[]) {
  const assigned = assignDisks(ownDiskDemands(app), disks, NOTHING);
  return assigned && Object.fromEntries(assigned.map(({ volume, root, milli }) => [volume, [root, milli / 1000]]));
}

describe('a volume on a disk of its own', () => {
  const disks: OwnDisk[] = [
    { type: 'mount', root: '/big', milli: 900_000 },
    { type: 'mount', root: '/small', milli: 100_000 },
    { type: 'path', root: '/shared', milli: 500_000 },
  ];

  it('gets the smallest that suits: a whole one, or a part', () => {
    expect(placesOf(resident({ type: 'mount', size: 50 }), disks)).toEqual({ v0: ['/small', 100] });
    expect(placesOf(resident({ type: 'mount', size: 101 }), disks)).toEqual({ v0: ['/big', 900] });
    expect(placesOf(resident({ type: 'path', size: 101 }), disks)).toEqual({ v0: ['/shared', 101] });
    expect(placesOf(resident({ type: 'mount', size: 1 }, { type: 'mount', size: 200 }), disks)).toEqual({
      v0: ['/small', 100],
      v1: ['/big', 900],
    });
  });

  it.each<[string, Persistent]>([
    ['none is large enough', { type: 'mount', size: 901 }],
    ['all are too large', { type: 'mount', size: 10, maxSize: 99 }],
    [
      'none is where it may be',
      {
        type: 'mount',
        size: 10,
        constraints: [
          ['path', 'LIKE', '/b.*'],
          ['path', 'UNLIKE', '.*g'],
        ],
      },
    ],
    ['it is of a profile, which no agent has', { type: 'mount', size: 10, profileName: 'fast' }],
    ['parts do not suffice', { type: 'path', size: 501 }],
  ])('finds none when %s', (_, persistent) => {
    expect(placesOf(resident(persistent), disks)).toBeUndefined();
  });

  it('never gets more than there is, nor a whole disk twice, whatever is wanted', () => {
    const disk = fc.record({
      type: fc.constantFrom('path' as const, 'mount' as const),
      root: fc.constantFrom('/a', '/b', '/c', '/d'),
      milli: fc.integer({ min: 1, max: 9 }).map((mib) => mib * 1000),
    });
    const wanted = fc.record({
      type: fc.constantFrom('path' as const, 'mount' as const),
      size: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(disk, { selector: ({ root }) => root }),
        fc.array(wanted, { minLength: 1, maxLength: 4 }),
        (all, volumes) => {
          const demands = ownDiskDemands(resident(...volumes));
          const assigned = assignDisks(demands, all, NOTHING);
          if (assigned === undefined) {
            // One volume by itself finds a disk whenever any suits it.
            const [only, ...more] = volumes;
            const suits = all.some(({ type, milli }) => type === only?.type && milli >= only.size * 1000);
            if (more.length === 0) expect(suits).toBe(false);
            return;
          }
          expect(assigned.map(({ volume }) => volume).sort()).toEqual(demands.map(({ name }) => name).sort());
          for (const { type, root, milli } of all) {
            const taken = assigned.filter((each) => each.root === root);
            const sum = taken.reduce((total, each) => total + each.milli, 0);
            expect(sum).toBeLessThanOrEqual(milli);
            if (type === 'mount' && taken.length > 0) expect([taken.length, sum]).toEqual([1, milli]);
          }
          const left = withoutDisks(all, assigned).reduce((total, { milli }) => total + milli, 0);
          const sumOf = (list: readonly OwnDisk[]) => list.reduce((total, { milli }) => total + milli, 0);
          expect(left).toBe(sumOf(all) - sumOf(assigned));
        },
      ),
    );
  });
});

describe('placing instances with such volumes', () => {
  const match = (app: AppDefinition, moreResources: readonly Resource[]) => {
    const offer = { ...aPreparedOffer({ cpus: 100, moreResources }), isReservable: true };
    return matchOffers([{ app, count: 3, placed: [] }], [offer], new SeededRandom(1), { maxInstancesPerOffer: 9 });
  };

  it('gives each its own disks, and says what the others miss', () => {
    const disks = [offered('MOUNT', '/a', 10), offered('MOUNT', '/b', 20), offered('PATH', '/c', 100)];
    const result = match(resident({ type: 'mount', size: 5 }, { type: 'path', size: 30 }), disks);
    expect(result.placements.map((placement) => placement.disks.map(({ root }) => root).sort())).toEqual([
      ['/a', '/c'],
      ['/b', '/c'],
    ]);
    const tally = result.tallies.get(0);
    expect(tally?.declined).toEqual(new Map([['InsufficientDisk', 1]]));
    expect(tally?.explanations.get('disk-type')?.message).toMatch(
      /^needs a disk of type path with at least 30 MiB for its volume v1, a disk of type mount .* agents offer mount \/a of 10 MiB/,
    );
  });

  it('does not touch the root disk for them, nor what is reserved or of another type', () => {
    const app = resident({ type: 'path', size: 50 });
    const reservedOne = offered('PATH', '/r', 100, { role: 'x', reservation: {} });
    expect(match(app, [reservedOne, offered('MOUNT', '/m', 100)]).placements).toEqual([]);
    expect(match(app, []).tallies.get(0)?.explanations.get('disk-type')?.message).toContain('their root disk only');
    expect(match(resident({ type: 'root', size: 1 }), []).placements).toHaveLength(3);
  });
});
