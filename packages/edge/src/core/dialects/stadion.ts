/** Stadion's own labels, which any dialect's services take: what the old ones could not say. */
import type { BalanceMethod, ServicePolicy } from '../model.ts';
import { parsed, unparsed, type Parsed } from '../rule/rule.ts';
import { parseDuration, parseInteger, type LabelReader } from './labels.ts';

/** The prefix of these labels. */
export const STADION_PREFIX = 'stadion.edge.';

/** A policy with the app's own wishes. */
export function withStadionLabels(reader: LabelReader, policy: ServicePolicy): ServicePolicy {
  const method = reader.read([`${STADION_PREFIX}balance`], parseMethod);
  const slowStartMs = reader.read([`${STADION_PREFIX}slowStart`], parseDuration);
  const maxConnections = reader.read([`${STADION_PREFIX}maxConnectionsPerServer`], parseInteger);
  const answerTimeoutMs = reader.read([`${STADION_PREFIX}answerTimeout`], parseDuration);
  const failures = reader.read([`${STADION_PREFIX}ejectAfter`], parseInteger);
  const insecureSkipVerify = reader.boolean(policy.insecureSkipVerify, `${STADION_PREFIX}insecureSkipVerify`);
  return {
    ...policy,
    insecureSkipVerify,
    ...(method === undefined ? {} : { method }),
    ...(slowStartMs === undefined ? {} : { slowStartMs }),
    ...(answerTimeoutMs === undefined ? {} : { answerTimeoutMs }),
    ...(maxConnections === undefined ? {} : { maxConnectionsPerServer: Math.max(0, maxConnections) }),
    ...(failures === undefined ? {} : { outlier: { ...policy.outlier, consecutiveFailures: Math.max(0, failures) } }),
  };
}

/** The share of an app in a service that it has in common with others, whatever its number of instances. */
export function shareOf(reader: LabelReader): { readonly share?: number } {
  const share = reader.read([`${STADION_PREFIX}share`], parseInteger);
  return share === undefined ? {} : { share: Math.max(0, share) };
}

/**
 * The name of a way to balance, as Traefik, HAProxy and Stadion write them: `wrr`, `roundrobin`, `leastconn`, `p2c`,
 * `ewma`, `random(2)`, `source`, `uri`, `hdr(name)`, `first`.
 */
export function parseMethod(text: string): Parsed<BalanceMethod> {
  const name = text.trim().split(/\s/)[0]?.toLowerCase() ?? '';
  const argument = /^[a-z]+\(([^)]*)\)/.exec(name)?.[1] ?? '';
  const word = /^[a-z0-9-]+/.exec(name)?.[0] ?? '';
  switch (word) {
    case 'wrr':
    case 'roundrobin':
    case 'round-robin':
    case 'static-rr':
      return parsed({ kind: 'round-robin' });
    case 'leastconn':
    case 'least-connections':
      return parsed({ kind: 'least-connections' });
    // Traefik's dynamic round robin favours what performs better; so do two choices by latency and load.
    case 'drr':
    case 'p2c':
    case 'ewma':
    case 'two-choices':
      return parsed({ kind: 'two-choices' });
    case 'random':
      return parsed(argument === '' || argument === '1' ? { kind: 'random' } : { kind: 'two-choices' });
    case 'first':
      return parsed({ kind: 'first' });
    case 'source':
    case 'hash':
      return parsed({ kind: 'hash', on: { kind: 'source' } });
    case 'uri':
      return parsed({ kind: 'hash', on: { kind: 'path' } });
    case 'hdr':
      return parsed({ kind: 'hash', on: { kind: 'header', name: argument } });
    case 'cookie':
    case 'rdp-cookie':
      return parsed({ kind: 'hash', on: { kind: 'cookie', name: argument } });
    default:
      return unparsed(
        `there is no way to balance '${text}'. Known: roundrobin, leastconn, p2c, random, first, source, uri`,
      );
  }
}
