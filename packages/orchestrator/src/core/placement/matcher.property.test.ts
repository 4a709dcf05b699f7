import { SeededRandom } from '@stadion/base';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { matchOffers } from './matcher.ts';
import { anApp, aPreparedOffer } from './testing/builders.ts';
import { naiveAccepts } from './testing/naive-constraints.ts';
import type { MatchResult, PlacementRequest, PreparedOffer } from './types.ts';

const PER_OFFER = 4;

const offers = fc.array(
  fc.record({
    cpus: fc.integer({ min: 0, max: 40 }).map((tenths) => tenths / 10),
    mem: fc.integer({ min: 0, max: 500 }),
    width: fc.integer({ min: 0, max: 5 }),
    rack: fc.constantFrom('r1', 'r2', 'r3', undefined),
  }),
  { maxLength: 8 },
);

const constraint = fc.constantFrom<string[]>(
  ['hostname', 'UNIQUE'],
  ['hostname', 'MAX_PER', '2'],
  ['hostname', 'GROUP_BY'],
  ['rack', 'GROUP_BY'],
  ['rack', 'GROUP_BY', '2'],
  ['rack', 'CLUSTER'],
  ['rack', 'UNLIKE', 'r1'],
);

const requests = fc.array(
  fc.record({
    cpus: fc.constantFrom(0.1, 0.3, 1),
    mem: fc.constantFrom(0, 32, 100),
    ports: fc.array(fc.constantFrom(0, 0, 31_001, 31_003), { maxLength: 3 }),
    count: fc.integer({ min: 1, max: 12 }),
    constraints: fc.array(constraint, { maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 6 },
);

it('never takes more of an agent than it has, nor a port twice, nor breaks a constraint, and leaves out nothing that fits', () => {
  fc.assert(
    fc.property(offers, requests, fc.integer(), (someOffers, someRequests, seed) => {
      const prepared = someOffers.map(({ cpus, mem, width, rack }, index) =>
        aPreparedOffer({
          host: `n${index}`,
          cpus,
          mem,
          ports: width === 0 ? [] : [[31_000, 31_000 + width - 1]],
          ...(rack === undefined ? {} : { attributes: { rack } }),
        }),
      );
      const wanted = someRequests.map(({ cpus, mem, ports, count, constraints }, index): PlacementRequest => {
        const portDefinitions = [...new Set(ports)].map((port) => ({ port, protocol: 'tcp' as const }));
        const app = anApp({
          id: `/a${index}`,
          cpus,
          mem,
          portDefinitions,
          requirePorts: true,
          instances: count,
          constraints,
        });
        return { app, count, placed: [] };
      });
      const options = { maxInstancesPerOffer: PER_OFFER };
      const result = matchOffers(wanted, prepared, new SeededRandom(seed), options);
      const accounts = prepared.map((offer) => new Account(offer));
      replay(wanted, accounts, result);
      checkTallies(wanted, prepared, result);
    }),
    { numRuns: 400 },
  );
});

/** What is left of one offer, kept in the plainest way. */
class Account {
  readonly offer: PreparedOffer;
  cpus: number;
  mem: number;
  instances = 0;
  readonly ports: Set<number>;

  constructor(offer: PreparedOffer) {
    this.offer = offer;
    this.cpus = offer.cpusMilli;
    this.mem = offer.memMilli;
    const [begin = 1, end = 0] = offer.ports;
    this.ports = new Set(Array.from({ length: end - begin + 1 }, (_, index) => begin + index));
  }

  fits({ app }: PlacementRequest): boolean {
    const ports = (app.portDefinitions ?? []).map(({ port }) => port);
    if (this.instances === PER_OFFER || this.cpus < app.cpus * 1000 || this.mem < app.mem * 1000) return false;
    return this.ports.size >= ports.length && ports.every((port) => port === 0 || this.ports.has(port));
  }

  take({ app }: PlacementRequest, hostPorts: readonly (number | undefined)[]): void {
    this.cpus -= app.cpus * 1000;
    this.mem -= app.mem * 1000;
    this.instances += 1;
    for (const port of hostPorts) expect(this.ports.delete(port ?? -1)).toBe(true);
  }
}

/** Places again, request by request, asking the plain accounts and the naive constraints about every step. */
function replay(requests: readonly PlacementRequest[], accounts: readonly Account[], result: MatchResult): void {
  const inOrder = result.placements.map(({ request }) => request);
  expect(inOrder).toEqual([...inOrder].sort((one, other) => one - other));
  for (const [index, request] of requests.entries()) {
    const placed: PreparedOffer['place'][] = [];
    const mayTake = ({ offer }: Account) =>
      (request.app.constraints ?? []).every((one) => naiveAccepts(one, offer.place, placed, request.app.instances));
    for (const placement of result.placements.filter((one) => one.request === index)) {
      const account = accounts[placement.offer];
      if (account === undefined) throw new Error('placed on an offer that does not exist');
      expect([account.fits(request), mayTake(account)]).toEqual([true, true]);
      expect(placement.hostPorts).toHaveLength(request.app.portDefinitions?.length ?? 0);
      for (const [nth, { port }] of (request.app.portDefinitions ?? []).entries()) {
        if (port !== 0) expect(placement.hostPorts[nth]).toBe(port);
      }
      account.take(request, placement.hostPorts);
      placed.push(account.offer.place);
    }
    expect(placed.length).toBeLessThanOrEqual(request.count);
    const couldGoOn = accounts.some((account) => account.fits(request) && mayTake(account));
    expect(placed.length < request.count && couldGoOn).toBe(false);
    expect(result.tallies.has(index)).toBe(placed.length < request.count);
  }
}

function checkTallies(requests: readonly PlacementRequest[], offers: readonly PreparedOffer[], result: MatchResult) {
  for (const tally of result.tallies.values()) {
    expect(tally.processed).toBe(offers.length);
    const declined = [...tally.declined.values()].reduce((sum, count) => sum + count, 0);
    const explained = [...tally.explanations.values()].reduce((sum, { agents }) => sum + agents, 0);
    expect(declined).toBeLessThanOrEqual(offers.length);
    expect(explained).toBe(declined);
    expect(tally.refused).toHaveLength(declined);
  }
  expect([...result.tallies.keys()].every((index) => index < requests.length)).toBe(true);
}
