/** The program of a worker process: an {@link EdgeWorker} with the real clock, on the channel of its parent. */
import { SystemRandom, systemClock, systemTimers } from '@stadion/base/system';
import { EdgeWorker } from '../embedded/worker.ts';
import type { FromWorker } from '../embedded/messages.ts';

const tell = (message: FromWorker): void => {
  process.send?.(message);
};
const worker = new EdgeWorker({
  clock: systemClock,
  timers: systemTimers,
  random: new SystemRandom(),
  send: tell,
  exit: () => process.exit(0),
});
process.on('message', (message: unknown) => worker.receive(message));
// A worker without its parent hears of no change any more: it ends rather than serve what is out of date for ever.
process.on('disconnect', () => process.exit(0));
// Signals of a terminal reach the whole group; the parent decides when its workers end.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
process.on('SIGTERM', () => undefined);
tell({ kind: 'online' });
