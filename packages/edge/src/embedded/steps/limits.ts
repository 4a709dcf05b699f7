/** Steps that say no: allow lists, rates, numbers in flight, circuit breakers. */
import { CircuitBreaker } from '../../core/breaker/breaker.ts';
import { breakerSignatures, parseCondition } from '../../core/breaker/expression.ts';
import type { Criterion, MiddlewareStep } from '../../core/model.ts';
import { AddressSet, parseRanges } from '../../core/policy/address-ranges.ts';
import { InFlightCounts, TokenBuckets } from '../../core/policy/token-buckets.ts';
import { plainAnswer, type Exchange, type Step } from '../exchange.ts';

type Kind<Name extends MiddlewareStep['kind']> = MiddlewareStep & { readonly kind: Name };

function addressSet(ranges: readonly string[]): AddressSet {
  const parsed = parseRanges(ranges);
  return new AddressSet(parsed.ok ? parsed.value : []);
}

/** Only clients at these addresses pass. */
export function allowList({ ranges, depth, excluded }: Kind<'allow-list'>): Step {
  const allowed = addressSet(ranges);
  const passedOver = addressSet(excluded);
  const isExcluded = excluded.length === 0 ? undefined : (address: string) => passedOver.has(address);
  return {
    before: (exchange) =>
      allowed.has(exchange.clientAt(depth, isExcluded))
        ? undefined
        : plainAnswer(403, 'Your address is not allowed here.'),
  };
}

/** What a limit counts by. */
function keyBy(criterion: Criterion): (exchange: Exchange) => string {
  switch (criterion.kind) {
    case 'host':
      return (exchange) => exchange.host;
    case 'header':
      return (exchange) => exchange.header(criterion.name) ?? '';
    case 'client-ip': {
      const passedOver = addressSet(criterion.excluded);
      const isExcluded = criterion.excluded.length === 0 ? undefined : (address: string) => passedOver.has(address);
      return (exchange) => exchange.clientAt(criterion.depth, isExcluded);
    }
  }
}

/** So many per period, in this worker's share. */
export function rateLimit(step: Kind<'rate-limit'>, nowMs: () => number, workers: number): Step {
  const buckets = new TokenBuckets(step.average / workers, step.periodMs, Math.ceil(step.burst / workers));
  const key = keyBy(step.criterion);
  return {
    before(exchange) {
      const waitMs = buckets.take(key(exchange), nowMs());
      if (waitMs === 0) return undefined;
      const seconds = String(Math.max(1, Math.ceil(waitMs / 1000)));
      return plainAnswer(429, 'Too many requests.', ['retry-after', seconds]);
    },
  };
}

/** So many at once. */
export function inFlight(step: Kind<'in-flight'>, workers: number): Step {
  const counts = new InFlightCounts(Math.max(1, Math.ceil(step.amount / workers)));
  const key = keyBy(step.criterion);
  return {
    before(exchange) {
      const text = key(exchange);
      if (!counts.take(text)) return plainAnswer(429, 'Too many requests at once.');
      exchange.releases.push(() => counts.give(text));
      return undefined;
    },
  };
}

/** Answers at once while its service does badly. */
export function circuitBreaker(
  step: Kind<'circuit-breaker'>,
  nowMs: () => number,
): Step & { readonly breaker: CircuitBreaker } {
  const condition = parseCondition(step.expression, breakerSignatures);
  const breaker = new CircuitBreaker(condition.ok ? condition.value : () => false, step);
  const admitted = new WeakSet<Exchange>();
  return {
    breaker,
    before(exchange) {
      if (!breaker.admit(nowMs())) return plainAnswer(step.status, 'This service does not do well just now.');
      admitted.add(exchange);
      return undefined;
    },
    done(exchange, latencyMs) {
      if (admitted.has(exchange)) breaker.record(nowMs(), exchange.status, latencyMs);
    },
  };
}
