/** A worker: answers from its own copy of the zones, on sockets that it shares with the other workers. */
import { describeError, errorCode, silentLogger } from '@stadion/base';
import { SystemRandom, systemClock, systemTimers } from '@stadion/base/system';
import { Forwarder } from '../server/forwarder.ts';
import { openSockets } from '../server/listening.ts';
import { NameServer } from '../server/name-server.ts';
import type { FromWorker, ServeSettings, ToWorker } from './messages.ts';

const time = { ...systemClock, ...systemTimers };
const random = new SystemRandom();
let server: NameServer | undefined;
let settings: ServeSettings | undefined;

process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'serve': {
      const { names, forward } = message.settings;
      const forwarder = new Forwarder(forward, { time, random, log: silentLogger });
      settings = message.settings;
      server = new NameServer(names, { clock: time, random, forwarder });
      break;
    }
    case 'listen':
      if (server === undefined || settings === undefined) break;
      openSockets(server, time, settings).then(
        () => tell({ kind: 'ready' }),
        (error: unknown) => tell({ kind: 'failed', code: errorCode(error) ?? '', message: describeError(error) }),
      );
      break;
    case 'changes':
      server?.table.apply(message.domain, message.changes, message.serial);
      break;
    case 'report':
      tell({
        kind: 'report',
        id: message.id,
        counters: server?.counters.values() ?? {},
        queries: server?.log.all() ?? [],
        residentBytes: process.memoryUsage.rss(),
      });
      break;
  }
});
// A worker without its main process would answer from an old zone for ever.
process.on('disconnect', () => process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // The main process decides when workers end; a terminal sends its signals to all of them.
  });
}

tell({ kind: 'started' });

function tell(message: FromWorker): void {
  process.send?.(message);
}
