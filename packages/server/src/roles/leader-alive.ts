/** Whether the leading server's process has ended, as far as its machine says so at once. */
import { connect } from 'node:net';
import { errorCode } from '@stadion/base';
import { decodeLeader } from './leader-record.ts';

const CONNECT_MS_MAX = 1_000;
/** So many refusals in a row count. */
const REFUSALS = 2;

/**
 * Makes the question that the next in line asks. A machine that refuses connections to a port where that server was
 * met before runs it no longer. Silence says nothing: the machine may be cut off, and the session decides.
 */
export function leaderEndedProbe(): (leader: string) => Promise<boolean> {
  let met: string | undefined;
  let refusals = 0;
  return async (text) => {
    const leader = decodeLeader(text);
    if (leader === undefined) return false;
    const outcome = await knock(new URL(leader.master));
    if (outcome === 'open') {
      met = leader.id;
      refusals = 0;
      return false;
    }
    refusals = outcome === 'refused' ? refusals + 1 : 0;
    return met === leader.id && refusals >= REFUSALS;
  };
}

function knock({ hostname, port }: URL): Promise<'open' | 'refused' | 'silent'> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) });
    const done = (outcome: 'open' | 'refused' | 'silent'): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(CONNECT_MS_MAX, () => {
      done('silent');
    });
    socket.once('connect', () => {
      done('open');
    });
    socket.on('error', (error) => {
      done(errorCode(error) === 'ECONNREFUSED' ? 'refused' : 'silent');
    });
  });
}
