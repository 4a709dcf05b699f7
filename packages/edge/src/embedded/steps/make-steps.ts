/** Makes the steps of a route from its middlewares. State is kept by name and configuration, over any change of others. */
import { assertNever } from '@stadion/base';
import { parseCondition, retrySignatures, type Caller } from '../../core/breaker/expression.ts';
import type { MiddlewareStep } from '../../core/model.ts';
import type { NamedStep } from '../../core/table.ts';
import { limits } from '../../limits.ts';
import type { ErrorPage, Exchange, SendingOptions, Step } from '../exchange.ts';
import { basicAuth, digestAuth, forwardAuth } from './auth.ts';
import { clientCertificate, headersStep } from './headers.ts';
import { allowList, circuitBreaker, inFlight, rateLimit } from './limits.ts';
import * as paths from './paths.ts';

/** What steps are made with. */
export interface StepPorts {
  readonly nowMs: () => number;
  /** The port of an entry point, for redirects. */
  readonly portOf: (scheme: string) => number | undefined;
  /** How many workers share a limit. */
  readonly workers: () => number;
  /** For nonces; the same in all workers. */
  readonly secret: string;
}

/** Steps with what they want of the sending. */
export interface MadeSteps {
  readonly steps: readonly Step[];
  readonly sending: SendingOptions;
}

/** Keeps steps with state, so that a change of another app resets neither a breaker nor a bucket. */
export class StepMaker {
  private readonly ports: StepPorts;
  private readonly kept = new Map<string, { readonly text: string; readonly step: Step }>();

  constructor(ports: StepPorts) {
    this.ports = ports;
  }

  /** @param owner distinguishes middlewares of one name in several sources, and routers */
  make(owner: string, named: readonly NamedStep[]): MadeSteps {
    const steps: Step[] = [];
    const errorPages: ErrorPage[] = [];
    let sending: SendingOptions = {
      attempts: limits.attemptsDefault,
      initialIntervalMs: 0,
      maxRequestBytes: 0,
      maxResponseBytes: 0,
      compressFrom: undefined,
      errorPages,
      shouldRetry: undefined,
    };
    for (const { name, step } of named) {
      if (step.kind === 'retry') {
        const attempts = Math.min(limits.attempts, step.attempts);
        sending = { ...sending, attempts, initialIntervalMs: step.initialIntervalMs };
      } else if (step.kind === 'buffering') sending = { ...sending, ...bufferingOptions(step) };
      else if (step.kind === 'compress') sending = { ...sending, compressFrom: step.minBytes };
      else if (step.kind === 'errors') errorPages.push(step);
      else steps.push(this.keep(`${owner}|${name}`, step));
    }
    return { steps, sending };
  }

  /** Forgets the steps of a router that is gone. */
  forget(owner: string): void {
    for (const key of this.kept.keys()) if (key.startsWith(`${owner}|`)) this.kept.delete(key);
  }

  private keep(key: string, config: MiddlewareStep): Step {
    const text = JSON.stringify(config);
    const known = this.kept.get(key);
    if (known?.text === text) return known.step;
    const step = this.stepOf(config);
    this.kept.set(key, { text, step });
    return step;
  }

  private stepOf(step: MiddlewareStep): Step {
    const { ports } = this;
    switch (step.kind) {
      case 'strip-prefix':
        return paths.stripPrefix(step);
      case 'strip-prefix-regex':
        return paths.stripPrefixRegex(step);
      case 'add-prefix':
        return paths.addPrefix(step);
      case 'replace-path':
        return paths.replacePath(step);
      case 'replace-path-regex':
        return paths.replacePathRegex(step);
      case 'replace-host':
        return paths.replaceHost(step);
      case 'rewrite-location':
        return paths.rewriteLocation(step);
      case 'redirect-scheme':
        return paths.redirectScheme(step, ports.portOf);
      case 'redirect-regex':
        return paths.redirectRegex(step);
      case 'headers':
        return headersStep(step);
      case 'client-certificate':
        return clientCertificate(step);
      case 'allow-list':
        return allowList(step);
      case 'rate-limit':
        return rateLimit(step, ports.nowMs, ports.workers());
      case 'in-flight':
        return inFlight(step, ports.workers());
      case 'circuit-breaker':
        return circuitBreaker(step, ports.nowMs);
      case 'basic-auth':
        return basicAuth(step);
      case 'digest-auth':
        return digestAuth(step, ports.nowMs, ports.secret);
      case 'forward-auth':
        return forwardAuth(step);
      case 'retry':
      case 'buffering':
      case 'compress':
      case 'errors':
      case 'chain':
        return {};
      default:
        return assertNever(step, 'a middleware');
    }
  }
}

function bufferingOptions(step: MiddlewareStep & { readonly kind: 'buffering' }): Partial<SendingOptions> {
  const { maxRequestBytes, maxResponseBytes, retryExpression } = step;
  const condition = retryExpression === undefined ? undefined : parseCondition(retryExpression, retrySignatures);
  if (condition?.ok !== true) return { maxRequestBytes, maxResponseBytes };
  const { value } = condition;
  return {
    maxRequestBytes,
    maxResponseBytes,
    attempts: limits.attempts,
    shouldRetry: (exchange: Exchange, status: number, isNetworkError: boolean) => {
      const call: Caller = (name) => {
        if (name === 'IsNetworkError') return isNetworkError;
        if (name === 'Attempts') return exchange.attempts;
        return name === 'ResponseCode' ? status : exchange.method;
      };
      return value(call);
    },
  };
}
