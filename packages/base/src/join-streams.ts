/** Two byte streams as one connection. */
import type { Duplex } from 'node:stream';

/**
 * Carries bytes both ways. An end is passed on when all before it was; a stream that breaks, or is
 * gone already, takes the other along. Resolves when both are closed.
 */
export async function joinStreams(one: Duplex, other: Duplex): Promise<void> {
  await Promise.all([carry(one, other), carry(other, one)]);
}

function carry(from: Duplex, to: Duplex): Promise<void> {
  if (from.destroyed) {
    to.destroy();
    return Promise.resolve();
  }
  from.pipe(to);
  // One that has ended in order may still be written to, and breaks by that: what it said before is on its way.
  from.on('error', () => {
    if (!from.readableEnded) to.destroy();
  });
  return new Promise((resolve) => {
    from.once('close', () => {
      // What came before an orderly end may still be on its way.
      if (from.readableEnded) to.end(() => to.destroy());
      else to.destroy();
      resolve();
    });
  });
}
