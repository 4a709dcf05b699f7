import { describe, expect, it } from 'vitest';
import { prepareOffer } from './prepared-offer.ts';
import { anOffer, aPreparedOffer } from './testing/builders.ts';

describe('prepareOffer', () => {
  it('turns scalars into thousandths and adds up resources of one name', () => {
    const offer = aPreparedOffer({
      cpus: 0.1,
      mem: 64.5,
      moreResources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.2 }, role: '*' }],
    });
    expect([offer.cpusMilli, offer.memMilli]).toEqual([300, 64_500]);
  });

  it('leaves out reserved resources', () => {
    const offer = aPreparedOffer({
      cpus: 1,
      moreResources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 8 }, role: 'other' }],
    });
    expect(offer.cpusMilli).toBe(1000);
  });

  it('sorts, joins and clips port ranges', () => {
    const ranges: [number, number][] = [
      [500, 510],
      [505, 520],
      [100, 100],
      [101, 105],
      [0, 3],
      [65_000, 70_000],
      [9, 8],
    ];
    expect(aPreparedOffer({ ports: ranges }).ports).toEqual([1, 3, 100, 105, 500, 520, 65_000, 65_535]);
  });

  it('knows the place with its attributes as text, the first of a name', () => {
    const { place } = aPreparedOffer({
      host: 'n7',
      region: 'eu',
      zone: 'eu-1',
      attributes: { rack: 'r1' },
      moreAttributes: [
        { name: 'rack', type: 'TEXT', text: { value: 'r2' } },
        { name: 'level', type: 'SCALAR', scalar: { value: 10 } },
      ],
    });
    expect(place).toEqual({
      agentId: 'agent-n7',
      hostname: 'n7',
      region: 'eu',
      zone: 'eu-1',
      attributes: new Map([
        ['rack', 'r1'],
        ['level', '10'],
      ]),
    });
  });

  it('reads what the agent can run, and does not know it when the agent does not say', () => {
    expect(aPreparedOffer({ containerizers: ['posix', 'docker'] }).containerizers).toEqual(
      new Set(['posix', 'docker']),
    );
    expect(aPreparedOffer().containerizers).toBeUndefined();
  });

  it.each([
    [999, false],
    [1000, true],
    [1999, true],
    [2000, false],
  ])('at %d says whether the machine is planned to be out of service', (now, isOut) => {
    const unavailability = { start: { nanoseconds: 1e9 }, duration: { nanoseconds: 1e9 } };
    const offer = { ...anOffer(), unavailability };
    expect(prepareOffer(offer, undefined, undefined, now).isOutOfService).toBe(isOut);
    const forGood = { ...anOffer(), unavailability: { start: unavailability.start } };
    expect(prepareOffer(forGood, undefined, undefined, now).isOutOfService).toBe(now >= 1000);
  });

  it('uses the known place of an agent as long as it says the same', () => {
    const known = aPreparedOffer({ attributes: { rack: 'r1' } }).place;
    expect(prepareOffer(anOffer({ attributes: { rack: 'r1' } }), known).place).toBe(known);
    expect(prepareOffer(anOffer({ attributes: { rack: 'r2' } }), known).place.attributes.get('rack')).toBe('r2');
    expect(prepareOffer(anOffer({ host: 'n2', attributes: { rack: 'r1' } }), known).place.hostname).toBe('n2');
  });
});
