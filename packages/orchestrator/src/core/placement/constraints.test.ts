import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentPlace } from '../instance.ts';
import { fieldValue } from './constraint.ts';
import { constraintsOf } from './constraints.ts';
import { aPlace, anApp, type OfferChanges } from './testing/builders.ts';
import { naiveAccepts } from './testing/naive-constraints.ts';

/** Whether a place is acceptable to an app with this one constraint whose instances are already at `placed`. */
function accepts(
  constraint: string[],
  offered: OfferChanges,
  placed: readonly OfferChanges[] = [],
  instances = 4,
): boolean {
  const app = anApp({ constraints: [constraint], instances });
  const place = aPlace(offered);
  return constraintsOf(app, placed.map(aPlace)).every(({ state }) => state.accepts(fieldValue(place, state.field)));
}

const rack = (value: string): OfferChanges => ({ attributes: { rack: value } });
const racks = (...values: string[]) => values.map(rack);

describe('fields', () => {
  it.each([
    ['hostname', 'n1'],
    ['@hostname', 'n1'],
    ['@region', 'eu'],
    ['@zone', 'eu-1'],
    ['rack', 'r1'],
  ])('%s is %s', (field, value) => {
    const offered = { host: 'n1', region: 'eu', zone: 'eu-1', attributes: { rack: 'r1', hostname: 'no' } };
    expect(accepts([field, 'IS', value], offered)).toBe(true);
    expect(accepts([field, 'IS', `${value}x`], offered)).toBe(false);
  });

  it('compare the text forms of attributes', () => {
    const set = { name: 'kinds', type: 'SET' as const, set: { item: ['b', 'a'] } };
    expect(accepts(['kinds', 'CLUSTER', '{a,b}'], { moreAttributes: [set] })).toBe(true);
    const level = { name: 'level', type: 'SCALAR' as const, scalar: { value: 2.5 } };
    expect(accepts(['level', 'LIKE', '2\\.5'], { moreAttributes: [level] })).toBe(true);
  });

  it.each(['UNIQUE', 'CLUSTER', 'GROUP_BY', 'LIKE', 'MAX_PER', 'IS'])(
    '%s refuses an agent without the attribute',
    (operator) => {
      const values: Record<string, string> = { LIKE: '.*', MAX_PER: '3', IS: '' };
      const value = values[operator];
      expect(accepts(['rack', operator, ...(value === undefined ? [] : [value])], {})).toBe(false);
      expect(accepts(['@region', operator, ...(value === undefined ? [] : [value])], {})).toBe(false);
    },
  );

  it('UNLIKE accepts an agent without the attribute', () => {
    expect(accepts(['rack', 'UNLIKE', '.*'], {})).toBe(true);
    expect(accepts(['@zone', 'UNLIKE', '.*'], {})).toBe(true);
  });
});

describe('UNIQUE', () => {
  it('accepts a value that no instance has', () => {
    expect(accepts(['hostname', 'UNIQUE'], { host: 'n1' }, [{ host: 'n2' }])).toBe(true);
    expect(accepts(['hostname', 'UNIQUE'], { host: 'n1' }, [{ host: 'n2' }, { host: 'n1' }])).toBe(false);
  });
});

describe('CLUSTER', () => {
  it('accepts the given value only, whatever is placed', () => {
    expect(accepts(['rack', 'CLUSTER', 'r1'], rack('r1'), racks('r2'))).toBe(true);
    expect(accepts(['rack', 'CLUSTER', 'r1'], rack('r2'), racks('r2'))).toBe(false);
  });

  it('without a value follows the first instance, and accepts anything before there is one', () => {
    expect(accepts(['rack', 'CLUSTER'], rack('r2'))).toBe(true);
    expect(accepts(['rack', 'CLUSTER'], rack('r2'), racks('r2', 'r1'))).toBe(true);
    expect(accepts(['rack', 'CLUSTER'], rack('r1'), racks('r2', 'r1'))).toBe(false);
    expect(accepts(['rack', 'CLUSTER', ''], rack('r1'), racks('r2'))).toBe(false);
  });
});

describe('GROUP_BY', () => {
  it('without a number accepts a new value, or one of the smallest groups', () => {
    expect(accepts(['rack', 'GROUP_BY'], rack('r3'), racks('r1', 'r1', 'r2'))).toBe(true);
    expect(accepts(['rack', 'GROUP_BY'], rack('r2'), racks('r1', 'r1', 'r2'))).toBe(true);
    expect(accepts(['rack', 'GROUP_BY'], rack('r1'), racks('r1', 'r1', 'r2'))).toBe(false);
    expect(accepts(['rack', 'GROUP_BY'], rack('r1'), racks('r1', 'r2'))).toBe(true);
  });

  it('with a number gives each group its share and opens no more groups', () => {
    const even = ['rack', 'GROUP_BY', '2'];
    expect(accepts(even, rack('r1'), racks('r1', 'r1'), 4)).toBe(false);
    expect(accepts(even, rack('r1'), racks('r1'), 4)).toBe(true);
    expect(accepts(even, rack('r3'), racks('r1', 'r2'), 4)).toBe(false);
    expect(accepts(even, rack('r2'), racks('r1', 'r1'), 4)).toBe(true);
  });

  it('with a number spreads the remainder one each', () => {
    const threes = ['rack', 'GROUP_BY', '3'];
    expect(accepts(threes, rack('r1'), racks('r1', 'r2', 'r3'), 5)).toBe(true);
    expect(accepts(threes, rack('r2'), racks('r1', 'r2', 'r3', 'r1'), 5)).toBe(true);
    expect(accepts(threes, rack('r3'), racks('r1', 'r2', 'r3', 'r1', 'r2'), 5)).toBe(false);
    expect(accepts(threes, rack('r1'), racks('r1', 'r2', 'r3', 'r1'), 5)).toBe(false);
  });

  it('with more groups than instances puts one in each', () => {
    expect(accepts(['rack', 'GROUP_BY', '9'], rack('r1'), racks('r1'), 2)).toBe(false);
    expect(accepts(['rack', 'GROUP_BY', '9'], rack('r2'), racks('r1'), 2)).toBe(true);
  });

  it('takes a number below one as none', () => {
    expect(accepts(['rack', 'GROUP_BY', '0'], rack('r1'), racks('r1', 'r2'), 2)).toBe(true);
  });
});

describe('LIKE and UNLIKE', () => {
  it('match the whole value', () => {
    expect(accepts(['rack', 'LIKE', 'r[12]'], rack('r1'))).toBe(true);
    expect(accepts(['rack', 'LIKE', 'r[12]'], rack('r12'))).toBe(false);
    expect(accepts(['rack', 'LIKE', 'a|r1'], rack('r1x'))).toBe(false);
    expect(accepts(['rack', 'UNLIKE', 'r[12]'], rack('r1'))).toBe(false);
    expect(accepts(['rack', 'UNLIKE', 'r[12]'], rack('r12'))).toBe(true);
  });

  it('understand an inline flag', () => {
    expect(accepts(['rack', 'LIKE', '(?i)R1'], rack('r1'))).toBe(true);
  });

  it('refuse every value when the pattern cannot be read', () => {
    expect(accepts(['rack', 'LIKE', '('], rack('('))).toBe(false);
    expect(accepts(['rack', 'UNLIKE', '('], rack('r1'))).toBe(false);
  });
});

describe('MAX_PER', () => {
  it('accepts a value until its group has that many', () => {
    expect(accepts(['rack', 'MAX_PER', '2'], rack('r1'), racks('r1', 'r2'))).toBe(true);
    expect(accepts(['rack', 'MAX_PER', '2'], rack('r1'), racks('r1', 'r1'))).toBe(false);
  });
});

describe('IS', () => {
  it('compares numbers after rounding to three decimals', () => {
    const level = { name: 'level', type: 'SCALAR' as const, scalar: { value: 8 } };
    const offered = { moreAttributes: [level] };
    expect(accepts(['level', 'IS', '8'], offered)).toBe(true);
    expect(accepts(['level', 'IS', '8.0'], offered)).toBe(true);
    expect(accepts(['level', 'IS', '8.0004'], offered)).toBe(true);
    expect(accepts(['level', 'IS', '8.001'], offered)).toBe(false);
    expect(accepts(['level', 'IS', 'eight'], offered)).toBe(false);
  });

  it('compares other texts exactly', () => {
    expect(accepts(['rack', 'IS', 'r1'], rack('r1'))).toBe(true);
    expect(accepts(['rack', 'IS', 'R1'], rack('r1'))).toBe(false);
  });
});

describe('constraintsOf', () => {
  it('takes operators in any case and refuses everything for one it does not know', () => {
    expect(accepts(['rack', 'is', 'r1'], rack('r1'))).toBe(true);
    expect(accepts(['rack', 'NEAR', 'r1'], rack('r1'))).toBe(false);
  });

  it('gives every constraint a code of its own', () => {
    const constraints = [
      ['rack', 'UNLIKE', 'a'],
      ['rack', 'UNLIKE', 'b'],
      ['hostname', 'UNIQUE'],
    ];
    expect(constraintsOf(anApp({ constraints }), []).map(({ code }) => code)).toEqual([
      'constraint:rack:UNLIKE',
      'constraint:rack:UNLIKE:2',
      'constraint:hostname:UNIQUE',
    ]);
  });

  it('agrees, instance by instance, with an implementation that counts everything anew each time', () => {
    const place = fc
      .record({ host: fc.constantFrom('n1', 'n2', 'n3', 'n4'), rack: fc.constantFrom('r1', 'r2', 'r3', undefined) })
      .map(({ host, rack: value }): AgentPlace => aPlace({ host, ...(value === undefined ? {} : rack(value)) }));
    const field = fc.constantFrom('rack', 'hostname', '@zone');
    const constraint = fc.oneof(
      fc.tuple(field, fc.constantFrom('UNIQUE', 'CLUSTER', 'GROUP_BY')),
      fc.tuple(field, fc.constantFrom('MAX_PER', 'GROUP_BY'), fc.constantFrom('0', '1', '2', '3')),
      fc.tuple(field, fc.constantFrom('CLUSTER', 'LIKE', 'UNLIKE', 'IS'), fc.constantFrom('r1', 'r.', 'n[12]', '')),
    );
    fc.assert(
      fc.property(
        fc.array(constraint, { minLength: 1, maxLength: 3 }),
        fc.array(place, { maxLength: 6 }),
        fc.array(place, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 12 }),
        (constraints, before, offered, instances) => {
          const app = anApp({ constraints, instances });
          const states = constraintsOf(app, before);
          const placed = [...before];
          for (const next of offered) {
            const expected = constraints.every((one) => naiveAccepts(one, next, placed, instances));
            expect(states.every(({ state }) => state.accepts(fieldValue(next, state.field)))).toBe(expected);
            if (!expected) continue;
            placed.push(next);
            for (const { state } of states) state.add(fieldValue(next, state.field));
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
