/** Looks at the first bytes of a connection and puts them back, so that whoever takes it over sees them again. */
import type { Timers } from '@stadion/base';
import type { Socket } from 'node:net';
import { limits } from '../limits.ts';

/**
 * Collects bytes until `decide` has decided.
 * @param decide given all bytes so far: `more`, or a decision and how many of the bytes are not to be put back
 * @param refuse called when the connection ends, or too little comes for too long
 */
export function lookAtFirstBytes(
  socket: Socket,
  timers: Timers,
  decide: (bytes: Buffer) => 'more' | { readonly consumed: number; readonly then: () => void },
  refuse: () => void,
): void {
  let seen: Buffer = Buffer.alloc(0);
  const timer = timers.after(limits.headTimeoutMs, () => {
    stop();
    refuse();
    socket.destroy();
  });
  const onData = (chunk: Buffer): void => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const decision = decide(seen);
    if (decision === 'more') return;
    stop();
    socket.pause();
    const rest = seen.subarray(decision.consumed);
    if (rest.length > 0) socket.unshift(rest);
    decision.then();
  };
  const onEnd = (): void => {
    stop();
    refuse();
  };
  const stop = (): void => {
    timer.cancel();
    socket.off('data', onData);
    socket.off('close', onEnd);
    socket.off('error', onError);
  };
  const onError = (): void => {
    socket.destroy();
  };
  socket.on('error', onError);
  socket.once('close', onEnd);
  socket.on('data', onData);
  // Whoever looked before has paused it.
  socket.resume();
}
