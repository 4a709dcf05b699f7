/** Counts what happens, by Marathon's metric names. */
import type { SchedulerCall } from '@stadion/contract/mesos';

/** Known to those who draw graphs, so they are there before anything has happened. */
const FROM_THE_START = [
  'deployments.counter',
  'deployments.dismissed.counter',
  'tasks.launched.counter',
  'mesos.calls.revive.counter',
  'mesos.calls.suppress.counter',
  'mesos.offer-operations.launch.counter',
  'mesos.offer-operations.launch-group.counter',
  'mesos.offer-operations.reserve.counter',
  'mesos.offers.incoming.counter',
  'mesos.offers.used.counter',
  'mesos.offers.declined.counter',
];

/** Counts of what happened since the start, by Marathon's metric name without the `marathon.` prefix. */
export class Counters {
  private readonly counts = new Map<string, number>(FROM_THE_START.map((name) => [name, 0]));

  /** A call that leaves for the master. */
  sent(call: SchedulerCall): void {
    switch (call.type) {
      case 'REVIVE':
      case 'SUPPRESS':
        this.add(`mesos.calls.${call.type.toLowerCase()}.counter`);
        break;
      case 'DECLINE':
        this.add('mesos.offers.declined.counter', call.decline.offer_ids.length);
        break;
      case 'ACCEPT':
        this.add('mesos.offers.used.counter', call.accept.offer_ids.length);
        for (const operation of call.accept.operations) {
          this.add(`mesos.offer-operations.${operation.type.toLowerCase().replaceAll('_', '-')}.counter`);
        }
        break;
      default:
    }
  }

  add(name: string, count = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  all(): ReadonlyMap<string, number> {
    return this.counts;
  }
}
