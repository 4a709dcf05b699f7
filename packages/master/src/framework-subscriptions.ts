/** The subscriptions of frameworks: each has a mailbox, so that events are delivered in later turns and never inside a call. */
import { Mailbox, type Clock, type Timers } from '@stadion/base';
import type { SchedulerConnection, SchedulerEvent } from '@stadion/contract/mesos';
import type { LedgerInput } from './core/cluster/exchange.ts';

interface FrameworkSubscriptionsParts {
  readonly time: Clock & Timers;
  /** Takes what a connection is told, in order. */
  readonly post: (input: LedgerInput) => void;
  /** Whether the master takes subscriptions now. */
  readonly isOpen: () => boolean;
}

type Delivery = SchedulerEvent | { readonly type: 'CLOSED'; readonly reason: string };

/** One per master. */
export class FrameworkSubscriptions {
  private readonly parts: FrameworkSubscriptionsParts;
  private readonly mailboxes = new Map<number, Mailbox<Delivery>>();
  private last = 0;

  constructor(parts: FrameworkSubscriptionsParts) {
    this.parts = parts;
  }

  /** An in-process connection for one framework. */
  connect(): SchedulerConnection {
    const { post, isOpen } = this.parts;
    let current: number | undefined;
    return {
      subscribe: (call, receiver) => {
        const subscription = (this.last += 1);
        const previous = current;
        current = subscription;
        const mailbox = this.newMailbox(receiver);
        if (!isOpen()) {
          mailbox.post({ type: 'CLOSED', reason: 'the master is not running' });
          return;
        }
        this.mailboxes.set(subscription, mailbox);
        post({ type: 'subscribe', subscription, call });
        if (previous === undefined) return;
        // After the subscribe: the same framework has then moved over, and only another one is disconnected by this.
        this.close(previous, 'subscribed again over the same connection');
        post({ type: 'subscription-closed', subscription: previous });
      },
      send: (call) => {
        if (current !== undefined) post({ type: 'call', subscription: current, call });
      },
      close: () => {
        if (current === undefined) return;
        this.mailboxes.get(current)?.close();
        this.mailboxes.delete(current);
        post({ type: 'subscription-closed', subscription: current });
        current = undefined;
      },
    };
  }

  /** Delivers an event, if the subscription is still open. */
  send(subscription: number, event: SchedulerEvent): void {
    this.mailboxes.get(subscription)?.post(event);
  }

  /** Ends a subscription after the events that were sent before; its receiver is told why. */
  close(subscription: number, reason: string): void {
    this.mailboxes.get(subscription)?.post({ type: 'CLOSED', reason });
    this.mailboxes.delete(subscription);
  }

  /** Ends all of them. */
  closeAll(reason: string): void {
    for (const subscription of [...this.mailboxes.keys()]) this.close(subscription, reason);
  }

  private newMailbox(receiver: Parameters<SchedulerConnection['subscribe']>[1]): Mailbox<Delivery> {
    const mailbox = new Mailbox<Delivery>(this.parts.time, (delivery) => {
      if (delivery.type !== 'CLOSED') {
        receiver.onEvent(delivery);
        return;
      }
      mailbox.close();
      receiver.onClosed(delivery.reason);
    });
    return mailbox;
  }
}
