/** Who a request is from, for the record: the person, also when another server passed the request on. */
import type { IncomingMessage } from 'node:http';
import type { AuditEntry } from '@stadion/access';
import { USER_HEADER } from './permission.ts';

/** Marks a request that another server has passed on: it is never passed on again. */
export const VIA_HEADER = 'x-stadion-via';

/**
 * The name that the door has found out, and the address. Whoever has the cluster's secret can claim to have passed
 * something on, so the address that it really came from is on record beside it.
 */
export function auditOrigin(request: Pick<IncomingMessage, 'headers' | 'socket'>): Pick<AuditEntry, 'who' | 'through'> {
  const { headers } = request;
  const peer = request.socket.remoteAddress ?? 'unknown';
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',').at(-1)?.trim() ?? '';
  const isPassedOn = headers[VIA_HEADER] !== undefined && forwarded !== '';
  const address = isPassedOn ? forwarded : peer;
  const user = headers[USER_HEADER];
  const who = typeof user === 'string' ? `${user}, ${address}` : address;
  return isPassedOn ? { who, through: peer } : { who };
}
