/**
 * The links of agents. The messages of one link reach the ledger in order. Registrations are many and long after a change of
 * masters: they have turns of their own, so that agents and frameworks at work do not wait for all of them.
 */
import { Mailbox, type Clock, type Timers } from '@stadion/base';
import type { AgentMessage, Link, LinkReceiver, MasterMessage } from '@stadion/contract/agent-link';
import type { LedgerInput } from './core/cluster/exchange.ts';

interface AgentLinksParts {
  readonly time: Clock & Timers;
  /** Where everything else waits. */
  readonly inbox: Mailbox<LedgerInput>;
  readonly apply: (input: LedgerInput) => void;
  /** Something has come over a link, though its turn may be a while. */
  readonly heard: (link: number) => void;
}

/** One per master. */
export class AgentLinks {
  private readonly parts: AgentLinksParts;
  private readonly open = new Map<number, Link<MasterMessage>>();
  private readonly arrivals: Mailbox<() => void>;
  private last = 0;

  constructor(parts: AgentLinksParts) {
    this.parts = parts;
    this.arrivals = new Mailbox(parts.time, (arrive) => {
      arrive();
    });
  }

  /** Takes a link, by a number above those of all before it. */
  accept(link: Link<MasterMessage>): LinkReceiver<AgentMessage> {
    const { inbox, apply, heard } = this.parts;
    const number = (this.last += 1);
    this.open.set(number, link);
    let arriving = 0;
    const pass = (input: LedgerInput, isArrival: boolean): void => {
      // What follows an arrival does not overtake it.
      if (!isArrival && arriving === 0) {
        inbox.post(input);
        return;
      }
      arriving += 1;
      this.arrivals.post(() => {
        arriving -= 1;
        apply(input);
      });
    };
    pass({ type: 'link-opened', link: number }, true);
    return {
      onMessage: (message) => {
        heard(number);
        pass({ type: 'agent-message', link: number, message }, message.type === 'REGISTER');
      },
      onClosed: () => {
        this.open.delete(number);
        pass({ type: 'link-closed', link: number }, false);
      },
    };
  }

  send(number: number, message: MasterMessage): void {
    this.open.get(number)?.send(message);
  }

  close(number: number): void {
    this.open.get(number)?.close();
    this.open.delete(number);
  }

  /** Closes all, and hears nothing more. */
  stop(): void {
    this.arrivals.close();
    for (const link of this.open.values()) link.close();
    this.open.clear();
  }
}
