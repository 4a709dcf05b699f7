import { describe, expect, it } from 'vitest';
import { MAX_LISTED_OFFERS } from './limits.ts';
import { matchOffers } from './matcher.ts';
import { SeededRandom } from '@stadion/base';
import { RejectSummary } from './reject-summary.ts';
import { anApp, aPreparedOffer, type OfferChanges } from './testing/builders.ts';
import type { RejectTally } from './types.ts';

const AT = Date.UTC(2021, 0, 1, 0, 0, 9);
const options = { waiting: 1, delaySeconds: 0, lastUnusedOffers: false };

/** A round in which one instance found no place. */
function round(offers: OfferChanges[], cpus = 99) {
  const prepared = offers.map(aPreparedOffer);
  const requests = [{ app: anApp({ cpus }), count: 1, placed: [] }];
  const { tallies } = matchOffers(requests, prepared, new SeededRandom(1), { maxInstancesPerOffer: 5 });
  const tally = tallies.get(0);
  if (tally === undefined) throw new Error('the instance found a place');
  return { tally, prepared };
}

describe('RejectSummary', () => {
  it('shows all ten rows as a funnel', () => {
    const summary = new RejectSummary();
    const { tally, prepared } = round([{ host: 'n1', role: 'other' }, { host: 'n2' }, { host: 'n3' }]);
    summary.record(tally, prepared, AT);
    const { processedOffersSummary } = summary.toQueueFields(options);
    expect(processedOffersSummary).toEqual({
      processedOffersCount: 3,
      unusedOffersCount: 3,
      lastUnusedOfferAt: '2021-01-01T00:00:09.000Z',
      rejectSummaryLastOffers: processedOffersSummary.rejectSummaryLaunchAttempt,
      rejectSummaryLaunchAttempt: [
        { reason: 'UnfulfilledRole', declined: 1, processed: 3 },
        { reason: 'UnfulfilledConstraint', declined: 0, processed: 2 },
        { reason: 'NoCorrespondingReservationFound', declined: 0, processed: 2 },
        { reason: 'AgentMaintenance', declined: 0, processed: 2 },
        { reason: 'InsufficientCpus', declined: 2, processed: 2 },
        { reason: 'InsufficientMemory', declined: 0, processed: 0 },
        { reason: 'InsufficientDisk', declined: 0, processed: 0 },
        { reason: 'InsufficientGpus', declined: 0, processed: 0 },
        { reason: 'InsufficientPorts', declined: 0, processed: 0 },
        { reason: 'DeclinedScarceResources', declined: 0, processed: 0 },
      ],
    });
  });

  it('adds rounds up for the launch attempt and shows the last one apart', () => {
    const summary = new RejectSummary();
    for (const offers of [[{ host: 'n1' }, { host: 'n2' }], [{ host: 'n3' }]]) {
      summary.record(round(offers).tally, [], AT);
    }
    const { processedOffersSummary } = summary.toQueueFields(options);
    expect(processedOffersSummary).toMatchObject({ processedOffersCount: 3, unusedOffersCount: 3 });
    expect(processedOffersSummary.rejectSummaryLaunchAttempt[4]).toMatchObject({ declined: 3, processed: 3 });
    expect(processedOffersSummary.rejectSummaryLastOffers[4]).toMatchObject({ declined: 1, processed: 1 });
  });

  it('keeps what offers for the right role have shown when others come after them', () => {
    const summary = new RejectSummary();
    const others = round([{ host: 'n1', role: 'other' }]);
    const shown = () => summary.toQueueFields(options);
    summary.record(others.tally, others.prepared, AT);
    expect(shown().why?.summary).toContain('needs an offer for role *, agents offer to other');
    summary.record(round([{ host: 'n1' }]).tally, [], AT);
    const right = shown();
    expect(right.why?.summary).toContain('needs 99 cpus');
    summary.record(others.tally, others.prepared, AT);
    expect(shown().why).toEqual(right.why);
    const { processedOffersSummary } = shown();
    expect(processedOffersSummary.processedOffersCount).toBe(3);
    expect(processedOffersSummary.rejectSummaryLaunchAttempt[0]).toMatchObject({ declined: 2, processed: 3 });
    expect(processedOffersSummary.rejectSummaryLastOffers).toEqual(
      right.processedOffersSummary.rejectSummaryLastOffers,
    );
  });

  it('begins anew with a launch attempt', () => {
    const summary = new RejectSummary();
    summary.record(round([{}]).tally, [], AT);
    summary.recordUsed(AT);
    summary.startLaunchAttempt();
    expect(summary.toQueueFields(options)).toEqual(new RejectSummary().toQueueFields(options));
  });

  it('notes when an offer was used last', () => {
    const summary = new RejectSummary();
    summary.recordUsed(AT);
    expect(summary.toQueueFields(options).processedOffersSummary.lastUsedOfferAt).toBe('2021-01-01T00:00:09.000Z');
  });

  it('lists unused offers in the flat form of Marathon when asked', () => {
    const summary = new RejectSummary();
    const set = { name: 'kinds', type: 'SET' as const, set: { item: ['a'] } };
    const { tally, prepared } = round([{ host: 'n1', attributes: { rack: 'r1' }, moreAttributes: [set] }]);
    summary.record(tally, prepared, AT);
    expect(summary.toQueueFields(options).lastUnusedOffers).toBeUndefined();
    expect(summary.toQueueFields({ ...options, lastUnusedOffers: true }).lastUnusedOffers).toEqual([
      {
        offer: {
          id: 'offer-n1',
          hostname: 'n1',
          agentId: 'agent-n1',
          resources: [
            { name: 'cpus', role: '*', scalar: 4 },
            { name: 'mem', role: '*', scalar: 4096 },
            { name: 'disk', role: '*', scalar: 10_000 },
            { name: 'gpus', role: '*', scalar: 0 },
            { name: 'ports', role: '*', ranges: [{ begin: 31_000, end: 32_000 }] },
          ],
          attributes: [
            { name: 'rack', text: 'r1' },
            { name: 'kinds', set: ['a'] },
          ],
        },
        reason: ['InsufficientCpus'],
        timestamp: '2021-01-01T00:00:09.000Z',
      },
    ]);
  });

  it('lists a bounded number of offers, and none that somebody else took', () => {
    const summary = new RejectSummary();
    const many = Array.from({ length: MAX_LISTED_OFFERS + 5 }, (_, index) => ({ host: `n${index}` }));
    const { tally, prepared } = round(many);
    summary.record(tally, prepared.slice(1), AT);
    const listed = summary.toQueueFields({ ...options, lastUnusedOffers: true }).lastUnusedOffers;
    expect(listed).toHaveLength(MAX_LISTED_OFFERS - 1);
    expect(listed?.[0]?.offer.hostname).toBe('n1');
  });
});

describe('why', () => {
  const why = (tally: RejectTally | undefined, more: Partial<typeof options> = {}) => {
    const summary = new RejectSummary();
    if (tally !== undefined) summary.record(tally, [], AT);
    return summary.toQueueFields({ ...options, ...more }).why;
  };

  it('says that no agent has Docker', () => {
    const docker = { image: 'i', forcePullImage: false, privileged: false, parameters: [] };
    const app = anApp({ container: { type: 'DOCKER', docker, volumes: [] } });
    const offers = [aPreparedOffer({ containerizers: ['posix'] })];
    const match = { maxInstancesPerOffer: 5 };
    const { tallies } = matchOffers([{ app, count: 1, placed: [] }], offers, new SeededRandom(1), match);
    expect(why(tallies.get(0))).toEqual({
      summary: '1 instance waits: no agent has Docker (1 agent examined)',
      agents: 1,
      reasons: [{ reason: 'docker-missing', agents: 1, examples: ['n1'], message: 'no agent has Docker' }],
    });
  });

  it('names the most frequent reasons first', () => {
    const { tally } = round([{ host: 'n1', role: 'other' }, { host: 'n2' }, { host: 'n3', cpus: 5 }]);
    expect(why(tally, { waiting: 2 })?.summary).toBe(
      '2 instances wait: needs 99 cpus, the most free on one agent is 5 (2 of 3 agents); ' +
        'needs an offer for role *, agents offer to other (1 of 3 agents)',
    );
  });

  it('says that no offers were seen', () => {
    const none = '1 instance waits, no offers seen: no agent is registered or every resource is in use';
    expect(why(undefined)).toEqual({ summary: none, agents: 0, reasons: [] });
    expect(why(round([]).tally)?.summary).toBe(none);
  });

  it('says that the launch delay has to pass first', () => {
    expect(why(round([{}]).tally, { delaySeconds: 12 })?.summary).toBe(
      '1 instance is waiting for the launch delay of 12 s after failures',
    );
    expect(why(undefined, { delaySeconds: 1, waiting: 3 })?.summary).toBe(
      '3 instances are waiting for the launch delay of 1 s after failures',
    );
  });

  it('says that agents took their share of this round', () => {
    const app = anApp({ cpus: 0.1 });
    const offers = [aPreparedOffer({ host: 'n1' }), aPreparedOffer({ host: 'n2', cpus: 0 })];
    const match = { maxInstancesPerOffer: 2 };
    const { tallies } = matchOffers([{ app, count: 5, placed: [] }], offers, new SeededRandom(1), match);
    expect(why(tallies.get(0), { waiting: 3 })?.summary).toBe(
      '3 instances wait: 1 of 2 agents will take more with their next offers; ' +
        'needs 0.1 cpus, the most free on one agent is 0 (1 of 2 agents)',
    );
  });

  it('counts the reasons that it does not name', () => {
    const offers = [{ host: 'n1' }, { host: 'n2', mem: 1 }, { host: 'n3', role: 'a' }, { host: 'n4', disk: 0 }];
    const prepared = offers.map((offer) => aPreparedOffer(offer));
    const app = anApp({ disk: 1, portDefinitions: [{ port: 5, protocol: 'tcp' }], requirePorts: true });
    const match = { maxInstancesPerOffer: 5 };
    const { tallies } = matchOffers([{ app, count: 1, placed: [] }], prepared, new SeededRandom(1), match);
    expect(why(tallies.get(0))?.summary).toMatch(/; and 1 more reason$/);
  });
});
