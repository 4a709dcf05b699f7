import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashText } from './balance/pick.ts';
import { Pool } from './balance/pool.ts';
import { CircuitBreaker } from './breaker/breaker.ts';
import { breakerSignatures, parseCondition, retrySignatures } from './breaker/expression.ts';
import { LatencyHistogram, quantileOf } from './breaker/rolling.ts';
import { defaultPolicy, type BalanceMethod, type Server } from './model.ts';
import { parseRange } from './policy/address-ranges.ts';
import { InFlightCounts, TokenBuckets } from './policy/token-buckets.ts';

function server(id: string, weight = 1, isDraining = false): Server {
  return { id, host: id, port: 80, weight, ...(isDraining ? { isDraining } : {}) };
}

class Stage {
  now = 0;
  seed = 1;
  readonly pool: Pool;

  constructor(method: BalanceMethod, servers: readonly Server[], changes: Partial<typeof defaultPolicy> = {}) {
    this.pool = new Pool(
      'p',
      { ...defaultPolicy, method, ...changes },
      { nowMs: () => this.now, random: () => this.random() },
    );
    this.pool.update(this.pool.policy, servers);
  }

  private random(): number {
    this.seed = (this.seed * 16_807) % 2_147_483_647;
    return this.seed / 2_147_483_647;
  }

  take(count: number, hash: (index: number) => string = () => ''): Record<string, number> {
    const counts: Record<string, number> = {};
    for (let index = 0; index < count; index += 1) {
      const id = this.pool.next(() => hash(index), [], undefined)?.server.id ?? 'none';
      counts[id] = (counts[id] ?? 0) + 1;
    }
    return counts;
  }
}

describe('balancing', () => {
  it('by turns follows the weights exactly', () => {
    const stage = new Stage({ kind: 'round-robin' }, [server('a', 5), server('b', 3), server('c', 2)]);
    expect(stage.take(100)).toEqual({ a: 50, b: 30, c: 20 });
  });

  it('sends nothing to what drains or weighs nothing', () => {
    const stage = new Stage({ kind: 'round-robin' }, [server('a'), server('b', 1, true), server('c', 0)]);
    expect(stage.take(10)).toEqual({ a: 10 });
  });

  it('by least connections prefers the idle one', () => {
    const stage = new Stage({ kind: 'least-connections' }, [server('a'), server('b')]);
    const busy = stage.pool.byId('a');
    if (busy !== undefined) busy.active = 5;
    expect(stage.take(10)).toEqual({ b: 10 });
  });

  it('by two choices avoids the slow one', () => {
    const stage = new Stage({ kind: 'two-choices' }, [server('a'), server('b'), server('c')]);
    const slow = stage.pool.byId('a');
    if (slow !== undefined) stage.pool.report(slow, false, 1_000);
    const counts = stage.take(300);
    expect(counts['a'] ?? 0).toBe(0);
  });

  it('by hash moves only the keys of the server that leaves', () => {
    const servers = ['a', 'b', 'c', 'd'].map((id) => server(id));
    const stage = new Stage({ kind: 'hash', on: { kind: 'source' } }, servers);
    const before = new Map<string, string | undefined>();
    for (let key = 0; key < 500; key += 1) {
      before.set(`k${key}`, stage.pool.next(() => `k${key}`, [], undefined)?.server.id);
    }
    stage.pool.update(stage.pool.policy, servers.slice(1));
    for (const [key, id] of before) {
      if (id !== 'a') expect(stage.pool.next(() => key, [], undefined)?.server.id).toBe(id);
    }
    expect(new Set(before.values()).size).toBe(4);
    expect(hashText('a')).not.toBe(hashText('b'));
  });

  it('starts a newcomer slowly, but not the first ones', () => {
    const stage = new Stage({ kind: 'round-robin' }, [server('a')], { slowStartMs: 10_000 });
    expect(stage.take(10)).toEqual({ a: 10 });
    stage.pool.update(stage.pool.policy, [server('a'), server('b')]);
    stage.now = 2_000;
    const early = stage.take(100)['b'] ?? 0;
    expect(early).toBeGreaterThan(5);
    expect(early).toBeLessThan(25);
    stage.now = 20_000;
    expect(stage.take(100)['b']).toBe(50);
  });

  it('holds nothing against another task at the port of one that was ejected', () => {
    const of = (taskId: string): Server[] => [{ ...server('a'), taskId }, server('b')];
    const stage = new Stage({ kind: 'round-robin' }, of('old'));
    const bad = stage.pool.byId('a');
    for (let failure = 0; failure < 5 && bad !== undefined; failure += 1) stage.pool.report(bad, true, 1);
    stage.pool.update(stage.pool.policy, of('old'));
    expect(stage.take(10)).toEqual({ b: 10 });
    const gone = stage.pool.update(stage.pool.policy, of('new'));
    expect(gone.map(({ taskId }) => taskId)).toEqual(['old']);
    expect(stage.take(10)).toEqual({ a: 5, b: 5 });
  });

  it('ejects what fails in a row, for a while, and never more than its share', () => {
    const stage = new Stage({ kind: 'round-robin' }, [server('a'), server('b'), server('c')]);
    for (const id of ['a', 'b']) {
      const state = stage.pool.byId(id);
      for (let count = 0; count < 5 && state !== undefined; count += 1) stage.pool.report(state, true, 1);
    }
    expect(stage.take(10)).toEqual({ b: 5, c: 5 });
    stage.now = 10_001;
    expect(stage.take(9)).toEqual({ a: 3, b: 3, c: 3 });
  });

  it('keeps to a cookie while its server takes requests', () => {
    const stage = new Stage({ kind: 'round-robin' }, [server('a'), server('b')]);
    expect(stage.pool.next(() => '', [], 'b')?.server.id).toBe('b');
    expect(stage.pool.next(() => '', ['b'], 'b')?.server.id).toBe('a');
  });
});

describe('a circuit breaker', () => {
  const breaker = (text: string, minimumRequests = 4) => {
    const condition = parseCondition(text, breakerSignatures);
    if (!condition.ok) throw new Error(condition.problem);
    const times = { checkPeriodMs: 0, fallbackMs: 10_000, recoveryMs: 10_000, minimumRequests };
    return new CircuitBreaker(condition.value, times);
  };

  it('trips, lets nobody through, recovers with a growing share, and stands by again', () => {
    const one = breaker('NetworkErrorRatio() > 0.5');
    for (let count = 0; count < 3; count += 1) one.record(0, 502, 1);
    expect(one.state).toBe('standby');
    one.record(0, 502, 1);
    expect(one.state).toBe('tripped');
    expect(one.admit(5_000)).toBe(false);
    let admitted = 0;
    for (let at = 10_000; at < 20_000; at += 10) if (one.admit(at)) admitted += 1;
    expect(one.state).toBe('recovering');
    expect(admitted).toBeGreaterThan(100);
    expect(admitted).toBeLessThan(500);
    expect(one.admit(20_001)).toBe(true);
    expect(one.state).toBe('standby');
  });

  it('looks at statuses and latencies', () => {
    const statuses = breaker('ResponseCodeRatio(500, 600, 0, 600) >= 0.5');
    for (const status of [200, 500, 200, 503]) statuses.record(0, status, 1);
    expect(statuses.state).toBe('tripped');
    const latencies = breaker('LatencyAtQuantileMS(50.0) > 50 && NetworkErrorRatio() == 0');
    for (const latency of [10, 100, 100, 100]) latencies.record(0, 200, latency);
    expect(latencies.state).toBe('tripped');
  });

  it('forgets after ten seconds', () => {
    const one = breaker('NetworkErrorRatio() > 0.5');
    for (let count = 0; count < 3; count += 1) one.record(0, 502, 1);
    for (let count = 0; count < 4; count += 1) one.record(11_000, 200, 1);
    expect(one.state).toBe('standby');
  });

  it('never throws at an expression', () => {
    const words = [
      'NetworkErrorRatio()',
      'ResponseCodeRatio(1,2,3,4)',
      '>',
      '<=',
      '&&',
      '||',
      '!',
      '(',
      ')',
      '0.5',
      '"a"',
      ',',
    ];
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words)).map((all) => all.join(' ')),
    );
    fc.assert(
      fc.property(text, (written) => {
        for (const signatures of [breakerSignatures, retrySignatures]) {
          const condition = parseCondition(written, signatures);
          if (condition.ok) condition.value(() => 1);
          else expect(condition.problem).not.toBe('');
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a latency histogram', () => {
  it('is right within a tenth', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.1, max: 100_000, noNaN: true }), { minLength: 1 }), (values) => {
        const histogram = new LatencyHistogram();
        for (const value of values) histogram.add(value);
        const wanted = [...values].sort((one, other) => one - other)[Math.ceil(values.length * 0.9) - 1] ?? 0;
        const got = quantileOf([histogram.counts], 0.9);
        expect(got).toBeGreaterThan(wanted * 0.9);
        expect(got).toBeLessThan(wanted * 1.1);
      }),
    );
  });
});

describe('limits', () => {
  it('let a burst through and then the average', () => {
    const buckets = new TokenBuckets(10, 1_000, 3);
    expect([1, 2, 3, 4].map(() => buckets.take('k', 0))).toEqual([0, 0, 0, 100]);
    expect(buckets.take('k', 100)).toBe(0);
    expect(buckets.take('other', 100)).toBe(0);
  });

  it('count what is under way', () => {
    const counts = new InFlightCounts(1);
    expect([counts.take('a'), counts.take('a'), counts.take('b')]).toEqual([true, false, true]);
    counts.give('a');
    expect(counts.take('a')).toBe(true);
  });

  it('know addresses of both kinds', () => {
    const contains = (range: string, address: string) => {
      const outcome = parseRange(range);
      return outcome.ok && outcome.value.contains(address);
    };
    expect(contains('10.0.0.0/8', '10.255.0.1')).toBe(true);
    expect(contains('10.0.0.0/8', '::ffff:10.1.1.1')).toBe(true);
    expect(contains('10.0.0.0/8', '11.0.0.1')).toBe(false);
    expect(contains('2001:db8::/32', '2001:db8:1::1')).toBe(true);
    expect(contains('::1', '::1')).toBe(true);
    expect(contains('::1', '127.0.0.1')).toBe(false);
    for (const wrong of ['', '10.0.0', '10.0.0.0/33', '1.2.3.4/x', ':::', 'host', '1.2.3.256']) {
      expect(parseRange(wrong).ok, wrong).toBe(false);
    }
  });
});
