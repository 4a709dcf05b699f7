import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { place, runningInstance } from '../engine/testing/definitions.ts';
import { selectVictims } from './kill-selection.ts';

const youngestFirst = { killSelection: 'YOUNGEST_FIRST' } as const;
const nobody = new Set<string>();

function names(victims: readonly { readonly id: string }[]): string[] {
  return victims.map(({ id }) => id.replace('app.instance-', ''));
}

describe('choosing what to kill', () => {
  it('takes the youngest, or the oldest, of those that run', () => {
    const all = [runningInstance('old', 1), runningInstance('middle', 2), runningInstance('young', 3)];
    expect(names(selectVictims(all, 2, youngestFirst, nobody))).toEqual(['young', 'middle']);
    expect(names(selectVictims(all, 2, { killSelection: 'OLDEST_FIRST' }, nobody))).toEqual(['old', 'middle']);
  });

  it('takes what does not run before what does', () => {
    const all = [
      runningInstance('runs', 1),
      runningInstance('stages', 2, { condition: 'Staging' }),
      runningInstance('lost', 3, { condition: 'Unreachable' }),
      runningInstance('waits', 4, { condition: 'Scheduled', place: undefined }),
    ];
    expect(names(selectVictims(all, 4, youngestFirst, nobody))).toEqual(['waits', 'lost', 'stages', 'runs']);
  });

  it('takes those named before all others', () => {
    const all = [runningInstance('old', 1), runningInstance('young', 2)];
    expect(names(selectVictims(all, 1, youngestFirst, new Set(['app.instance-old'])))).toEqual(['old']);
  });

  it('keeps the groups of a GROUP_BY constraint even', () => {
    const app = { ...youngestFirst, constraints: [['rack', 'GROUP_BY']] };
    const property = fc.property(
      fc.array(fc.constantFrom('r1', 'r2', 'r3'), { minLength: 1, maxLength: 20 }),
      fc.nat(20),
      (racks, count) => {
        const all = racks.map((rack, index) =>
          runningInstance(String(index), index, { place: place(`a${String(index)}`, { rack }) }),
        );
        const victims = selectVictims(all, count, app, nobody);
        expect(victims).toHaveLength(Math.min(count, all.length));
        expect(new Set(victims).size).toBe(victims.length);
        const spreadOf = (instances: typeof all): number => {
          const sizes = [...new Set(racks)].map(
            (rack) => instances.filter((instance) => instance.place?.attributes.get('rack') === rack).length,
          );
          return Math.max(...sizes) - Math.min(...sizes);
        };
        const left = all.filter((instance) => !victims.includes(instance));
        expect(spreadOf(left)).toBeLessThanOrEqual(Math.max(1, spreadOf(all)));
      },
    );
    fc.assert(property);
  });
});
