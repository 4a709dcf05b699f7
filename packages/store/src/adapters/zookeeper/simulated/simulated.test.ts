/** The store on a simulated ensemble keeps what one on a real ensemble keeps; and what only a simulated one lets us see. */
import { silentLogger, type Clock, type Timers } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { VirtualTime } from '@stadion/base/testing';
import { describe, expect, test } from 'vitest';
import { sessionConformance } from '../../../testing/session-conformance.ts';
import { storeConformance } from '../../../testing.ts';
import { SimulatedEnsemble, type EnsembleClient } from './index.ts';

const SESSION_MS = 6_000;
const systemTime: Clock & Timers = { ...systemClock, ...systemTimers };

class Link {
  readonly cut = { there: false, back: false };
  slowMs = 1;
  isCut(way: 'there' | 'back'): boolean {
    return this.cut[way];
  }
  delayMs(): number {
    return this.slowMs;
  }
  isBreaking(): boolean {
    return false;
  }
}

function client(time: Clock & Timers, name: string, link = new Link()): EnsembleClient & { readonly link: Link } {
  return { name, clock: time, timers: time, link, receive: (work) => work() };
}

function ensembleIn(time: Clock & Timers): SimulatedEnsemble {
  return new SimulatedEnsemble({ time, sessionTimeoutMs: SESSION_MS, log: silentLogger });
}

describe('the store on a simulated ensemble', () => {
  for (const claim of storeConformance) {
    test(claim.name, async () => {
      const ensemble = ensembleIn(systemTime);
      await claim.check({ open: () => ensemble.openStore(client(systemTime, 'one')) });
    });
  }
});

describe('a session with a simulated ensemble', () => {
  for (const claim of sessionConformance) {
    test(claim.name, async () => {
      const ensemble = ensembleIn(systemTime);
      let clients = 0;
      await claim.check({
        folder: '/claim',
        open: () => ensemble.openSession(client(systemTime, `client ${String((clients += 1))}`)),
      });
    });
  }
});

describe('a leader that is cut off', () => {
  test.each([
    ['both ways', { there: true, back: true }],
    ['towards the ensemble only', { there: true, back: false }],
    ['from the ensemble only', { there: false, back: true }],
  ])('%s gives up before its session expires, and another leads', async (_name, cut) => {
    const time = new VirtualTime();
    const ensemble = ensembleIn(time);
    const link = new Link();
    const [first, second] = await opened(time, ensemble, [client(time, 'first', link), client(time, 'second')]);
    let isLost = false;
    let expiredAt = Infinity;
    let lostAt = Infinity;
    ensemble.observers.push({ onExpiry: () => (expiredAt = time.monotonic()) });
    const reign = await settled(time, first.campaign('first'));
    void reign.lost.then(() => {
      isLost = true;
      lostAt = time.monotonic();
    });
    const next = second.campaign('second');
    await time.advance(30_000);
    expect(isLost).toBe(false);
    Object.assign(link.cut, cut);
    const { epoch } = await settled(time, next);
    expect(epoch).toBe(reign.epoch + 1);
    expect(lostAt).toBeLessThan(expiredAt);
    await expect(settled(time, first.commit([{ type: 'put', key: '/a', value: 1 }], reign.epoch))).rejects.toThrow();
    expect([...ensemble.durableKeys()]).toEqual([]);
  });

  test('and whose clock stands still changes nothing once another leads', async () => {
    const time = new VirtualTime();
    const ensemble = ensembleIn(time);
    const link = new Link();
    const slow = { clock: { now: () => 0, monotonic: () => 0 }, timers: time };
    const [first, second] = await opened(time, ensemble, [
      { ...client(time, 'first', link), ...slow },
      client(time, 'second'),
    ]);
    const reign = await settled(time, first.campaign('first'));
    const next = second.campaign('second');
    await time.advance(1_000);
    link.cut.there = true;
    const { epoch } = await settled(time, next);
    await settled(time, second.commit([{ type: 'put', key: '/a', value: 'second' }], epoch));
    const late = first.commit([{ type: 'put', key: '/a', value: 'first' }], reign.epoch);
    late.catch(() => undefined);
    link.cut.there = false;
    await expect(settled(time, late)).rejects.toMatchObject({ code: 'store-unreachable' });
    expect(ensemble.durableValue('/a')).toBe('second');
  });
});

test('leaders that take turns keep the journal short, whatever the others have made of it meanwhile', async () => {
  const time = new VirtualTime();
  const ensemble = ensembleIn(time);
  const links = [new Link(), new Link()] as const;
  const stores = await opened(time, ensemble, [client(time, 'first', links[0]), client(time, 'second', links[1])]);
  let reign = await settled(time, stores[0].campaign('first'));
  for (let turn = 0; turn < 6; turn += 1) {
    const [leading, following] = turn % 2 === 0 ? stores : [stores[1], stores[0]];
    // Slow enough for the other one to read every segment by itself before it is merged, and to hear nothing of that.
    for (const [index, link] of links.entries()) link.slowMs = index === turn % 2 ? 50 : 1;
    const next = following.campaign('follows');
    let isOver = false;
    void reign.lost.then(() => (isOver = true));
    for (let round = 0; round < 200; round += 1) {
      const put = { type: 'put', key: `/key-${String(round % 7)}`, value: turn * 1_000 + round } as const;
      await settled(time, leading.commit([put], reign.epoch));
    }
    await time.advance(2_000);
    expect(isOver).toBe(false);
    expect(ensemble.sizes.nodes).toBeLessThan(250);
    await settled(time, reign.resign());
    reign = await settled(time, next);
  }
  expect((await settled(time, stores[0].get('/key-3')))?.value).toBe(5_199);
});

test('no commit waits until the journal has been made smaller, however far away the ensemble is', async () => {
  const time = new VirtualTime();
  const ensemble = ensembleIn(time);
  const link = new Link();
  const [store] = await opened(time, ensemble, [client(time, 'one', link)]);
  const reign = await settled(time, store.campaign('one'));
  link.slowMs = 100;
  let slowestMs = 0;
  for (let round = 0; round < 300; round += 1) {
    const begunAt = time.monotonic();
    await settled(time, store.commit([{ type: 'put', key: '/key', value: round }], reign.epoch));
    slowestMs = Math.max(slowestMs, time.monotonic() - begunAt);
  }
  await time.advance(60_000);
  expect(ensemble.sizes.nodes).toBeLessThan(250);
  // There and back, and once more behind the one write that puts a segment in the place of many.
  expect(slowestMs).toBeLessThanOrEqual(400);
});

describe('a simulated ensemble', () => {
  test('keeps one watch for whoever waits in line for hours', async () => {
    const time = new VirtualTime();
    const ensemble = ensembleIn(time);
    const [first, second] = await opened(time, ensemble, [client(time, 'first'), client(time, 'second')]);
    await settled(time, first.campaign('first'));
    const seen: (string | undefined)[] = [];
    second.observeLeader((candidate) => seen.push(candidate));
    void second.campaign('second');
    await time.advance(600_000);
    expect(ensemble.sizes.watchers).toBeLessThanOrEqual(2);
    expect(seen).toEqual(['first']);
  });

  test('without its quorum answers nobody, and then gives every session its whole time again', async () => {
    const time = new VirtualTime();
    const ensemble = ensembleIn(time);
    const [store] = await opened(time, ensemble, [client(time, 'one')]);
    const reign = await settled(time, store.campaign('one'));
    let isLost = false;
    void reign.lost.then(() => (isLost = true));
    ensemble.stop();
    await time.advance(2_000);
    ensemble.start();
    await time.advance(20_000);
    expect(isLost).toBe(false);
    ensemble.stop();
    await time.advance(SESSION_MS);
    expect(isLost).toBe(true);
  });
});

async function opened(time: VirtualTime, ensemble: SimulatedEnsemble, clients: readonly EnsembleClient[]) {
  const stores = await settled(time, Promise.all(clients.map((each) => ensemble.openStore(each))));
  const [first, second = first] = stores;
  if (first === undefined || second === undefined) throw new Error('there are stores');
  return [first, second] as const;
}

/** Lets virtual time go by until there is an outcome. */
async function settled<Value>(time: VirtualTime, promise: Promise<Value>): Promise<Value> {
  let isSettled = false;
  const end = (): void => {
    isSettled = true;
  };
  promise.then(end, end);
  await time.advanceUntil(() => isSettled, 120_000);
  return promise;
}
