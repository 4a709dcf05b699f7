/** Certificates by ACME for the routes of an edge, from settings to orders that go on by themselves. */
import type { Clock, Logger, Timers } from '@stadion/base';
import type { Edge } from '../../edge.ts';
import type { CertificateKeeper } from '../certificate-keeper.ts';
import { AcmeAuthority } from './acme-authority.ts';
import { CertificateOrders } from './certificate-orders.ts';
import { ChallengeBoard, type ChallengeKind } from './challenge-board.ts';

/** What is needed. */
export interface AcmeParts {
  /** Of the authority; `letsencrypt` is known by its name. */
  readonly directory: string;
  readonly email: string | undefined;
  readonly challenge: ChallengeKind;
  /** A program that writes DNS records. */
  readonly dnsHook: string | undefined;
  readonly accountKeyPath: string;
  readonly edge: Edge;
  readonly certificates: CertificateKeeper;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
}

const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';

/** Begins to order what routes ask for. @returns what ends it */
export function openAcme(parts: AcmeParts): { readonly stop: () => void } {
  const { directory, edge, dnsHook, email, challenge, accountKeyPath } = parts;
  const directoryUrl = directory === 'letsencrypt' ? LETS_ENCRYPT : directory;
  const board = new ChallengeBoard(edge.plane, dnsHook);
  const authority = new AcmeAuthority({ directoryUrl, email, challenge, accountKeyPath }, board);
  const orders = new CertificateOrders({ ...parts, authority, fragments: () => edge.table.sources() });
  orders.start();
  return { stop: () => orders.stop() };
}
