/** `/v2/names`: what the name server says, relayed for those who can reach this port only, and who is out of rotation. */
import { DnsRotation } from '@stadion/contract/dns';
import { seenRotation } from '../core/seen-answers.ts';
import { failure, type Handler } from './answer.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { relay, relaySeen } from './relay.ts';
import { parameter } from './route-table.ts';

type NamesHandlers = Pick<
  Handlers,
  | 'namesStatus'
  | 'listNames'
  | 'lookUpName'
  | 'listNameQueries'
  | 'listOutOfRotation'
  | 'takeOutOfRotation'
  | 'bringIntoRotation'
>;

const NO_NAMES = failure(502, {
  message: 'No name server is known here. Say where its HTTP API is when the server starts: --dns-url http://HOST:8123',
});

/** Handlers that ask the name server. */
export function namesHandlers({ options }: HandlerContext): NamesHandlers {
  const read = (path: string): Handler =>
    relay(options.names, NO_NAMES, (names, { query }, signal) => names('GET', path, query, signal));
  // The list of all that are out is the answer.
  const rotate = (method: 'PUT' | 'DELETE'): Handler =>
    relaySeen(
      relay(options.names, NO_NAMES, (names, { query, parameters }, signal) =>
        names(method, `/v1/rotation/${encodeURIComponent(parameter(parameters, 'taskId'))}`, query, signal),
      ),
      DnsRotation,
      seenRotation,
    );
  return {
    namesStatus: read('/v1/status'),
    listNames: read('/v1/names'),
    lookUpName: read('/v1/lookup'),
    listNameQueries: read('/v1/queries'),
    listOutOfRotation: relaySeen(read('/v1/rotation'), DnsRotation, seenRotation),
    takeOutOfRotation: rotate('PUT'),
    bringIntoRotation: rotate('DELETE'),
  };
}
