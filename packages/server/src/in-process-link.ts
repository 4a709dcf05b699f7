/** The link between master and agent when both live in this process: two mailboxes instead of a socket. */
import { Mailbox, type Clock, type Timers } from '@stadion/base';
import type {
  AgentAcceptor,
  AgentMessage,
  Link,
  LinkReceiver,
  MasterDialer,
  MasterMessage,
} from '@stadion/contract/agent-link';

/**
 * A dialer that always reaches this master.
 * @param time drives the mailboxes: a message is delivered in a later turn, never inside the sender's call
 */
export function inProcessDialer(acceptor: AgentAcceptor, time: Clock & Timers): MasterDialer {
  return {
    dial(agent: LinkReceiver<MasterMessage>): Promise<Link<AgentMessage>> {
      return Promise.resolve(open(acceptor, agent, time));
    },
  };
}

function open(acceptor: AgentAcceptor, agent: LinkReceiver<MasterMessage>, time: Clock & Timers): Link<AgentMessage> {
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    toAgent.close();
    toMaster.close();
    // Both ends hear of it in a later turn, as they would from a socket.
    time.after(0, () => {
      agent.onClosed();
      master.onClosed();
    });
  };
  const toAgent = new Mailbox<MasterMessage>(time, (message) => {
    agent.onMessage(message);
  });
  const toMaster = new Mailbox<AgentMessage>(time, (message) => {
    master.onMessage(message);
  });
  const master = acceptor.accept({
    send: (message) => {
      toAgent.post(message);
    },
    close,
  });
  return {
    send: (message) => {
      toMaster.post(message);
    },
    close,
  };
}
