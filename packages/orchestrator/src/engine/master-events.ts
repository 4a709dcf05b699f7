/** Hands what the master says to whoever is concerned. */
import { PlatformError, type Clock, type Logger, hostPort } from '@stadion/base';
import { isTerminal, type SchedulerEvent, type TaskStatus } from '@stadion/contract/mesos';
import { formatTimestamp } from '../core/app/timestamp.ts';
import { isExecutorOf } from '../core/task/custom-executor.ts';
import type { ListenerFeed } from './event-feed.ts';
import type { Journal } from './journal.ts';
import type { Killer } from './killer.ts';
import type { Launcher } from './launcher.ts';
import type { MasterLink, MasterLinkReceiver } from './master-link.ts';
import type { Reconciler } from './reconciler.ts';
import { frameworkKey } from './records.ts';
import type { StatusHandler } from './status-handler.ts';

interface MasterEventsParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly journal: Journal;
  readonly feed: ListenerFeed;
  readonly link: MasterLink;
  readonly killer: Killer;
  readonly launcher: Launcher;
  readonly reconciler: Reconciler;
  readonly statuses: StatusHandler;
  /** The engine cannot go on. */
  readonly fail: (error: unknown) => void;
}

/** One per engine; everything happens inside turns. */
export class MasterEvents implements MasterLinkReceiver {
  private readonly parts: MasterEventsParts;

  constructor(parts: MasterEventsParts) {
    this.parts = parts;
  }

  subscribed(isNew: boolean): void {
    const { clock, log, journal, feed, link, killer, launcher, reconciler } = this.parts;
    const address = link.master?.address;
    const master = address === undefined ? '' : hostPort(address.hostname, address.port);
    const timestamp = formatTimestamp(clock.now());
    if (feed.isHeard) {
      journal.emit(
        isNew
          ? { eventType: 'scheduler_registered_event', timestamp, frameworkId: link.frameworkId ?? '', master }
          : { eventType: 'scheduler_reregistered_event', timestamp, master },
      );
    }
    log.info({ frameworkId: link.frameworkId, master }, 'subscribed to the master');
    killer.askAgain();
    launcher.subscribed();
    reconciler.subscribed();
  }

  disconnected(): void {
    const { clock, journal, feed, launcher } = this.parts;
    launcher.disconnected();
    if (!feed.isHeard) return;
    journal.emit({ eventType: 'scheduler_disconnected_event', timestamp: formatTimestamp(clock.now()) });
  }

  event(event: SchedulerEvent): void {
    const { launcher, statuses, reconciler } = this.parts;
    switch (event.type) {
      case 'OFFERS':
        launcher.offered(event.offers.offers);
        break;
      case 'RESCIND':
        launcher.rescinded(event.rescind.offer_id.value);
        break;
      case 'UPDATE':
        statuses.handle(event.update.status);
        reconciler.answered(event.update.status.task_id.value);
        this.endExecutor(event.update.status);
        break;
      case 'MESSAGE':
        this.heard(event.message);
        break;
      // Status updates tell what became of the tasks of a lost agent; a heartbeat tells nothing. Whoever takes a machine
      // out of service drains it first: a question whether we would leave it is not answered.
      case 'INVERSE_OFFERS':
      case 'RESCIND_INVERSE_OFFER':
      case 'UPDATE_OPERATION_STATUS':
      case 'FAILURE':
      case 'HEARTBEAT':
      case 'SUBSCRIBED':
      case 'ERROR':
        break;
    }
  }

  /** An app's own executor is of no use without its task, and may not end by itself. */
  private endExecutor({ task_id, state, executor_id, agent_id }: TaskStatus): void {
    const { link } = this.parts;
    if (!isTerminal(state) || executor_id === undefined || agent_id === undefined) return;
    if (!isExecutorOf(task_id.value, executor_id.value)) return;
    link.send({ type: 'SHUTDOWN', ...link.own(), shutdown: { executor_id, agent_id } });
  }

  private heard({ executor_id, agent_id, data }: Extract<SchedulerEvent, { type: 'MESSAGE' }>['message']): void {
    const { clock, journal, feed } = this.parts;
    if (!feed.isHeard) return;
    journal.emit({
      eventType: 'framework_message_event',
      timestamp: formatTimestamp(clock.now()),
      executorId: executor_id.value,
      slaveId: agent_id.value,
      message: [...Buffer.from(data, 'base64')],
    });
  }

  refused(message: string): void {
    const { journal, fail } = this.parts;
    // A framework that the master has removed can never come back under its id; its tasks are gone.
    if (/removed|completed/i.test(message)) journal.remove(frameworkKey);
    journal.whenDurable(() => {
      fail(new PlatformError('framework-refused', `The master refuses this framework: ${message}`));
    });
  }
}
