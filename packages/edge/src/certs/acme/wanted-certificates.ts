/** Which names are to have a certificate by ACME, and when one is asked for again. */
import type { Fragment } from '../../core/model.ts';
import { hostsOf } from '../../core/rule/rule.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Let's Encrypt lets an account fail five times an hour for a name. */
const RETRY_MIN_MS = 15 * MINUTE_MS;
const RETRY_MAX_MS = DAY_MS;
/** Certificates are renewed in the last third of ninety days. */
export const RENEW_BEFORE_MS = 30 * DAY_MS;

/**
 * The names of routes that ask for certificates: those that are listed, or else the hosts of the rule.
 * @returns groups of names; each group becomes one certificate, with its first name as the name of it
 */
export function wantedNames(fragments: readonly Fragment[]): readonly (readonly string[])[] {
  const groups = new Map<string, readonly string[]>();
  for (const { routers } of fragments) {
    for (const { tls, rule } of routers) {
      if (tls === undefined || tls.isPassthrough || (tls.resolver === undefined && tls.domains.length === 0)) continue;
      const names = tls.domains.length > 0 ? [tls.domains] : (hostsOf(rule) ?? []).map((host) => [host]);
      for (const group of names) groups.set(group.join(','), group);
    }
  }
  return [...groups.values()];
}

interface Failure {
  readonly count: number;
  readonly nextAt: number;
}

/** Remembers what has failed, so that an authority is not asked again and again. */
export class Attempts {
  private readonly failures = new Map<string, Failure>();

  mayTry(name: string, nowMs: number): boolean {
    return (this.failures.get(name)?.nextAt ?? 0) <= nowMs;
  }

  failed(name: string, nowMs: number): void {
    const count = (this.failures.get(name)?.count ?? 0) + 1;
    this.failures.set(name, { count, nextAt: nowMs + Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** (count - 1)) });
  }

  succeeded(name: string): void {
    this.failures.delete(name);
  }
}
