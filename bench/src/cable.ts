/** The connection of a simulated agent to its master: it can be cut, and knows how late signs of life were asked for. */
import { systemClock } from '@stadion/base/system';
import type { AgentAcceptor } from '@stadion/contract/agent-link';

/** One per agent. */
export class Cable {
  /** Nothing passes any more, and nobody is told. */
  isCut = false;
  /** Between two pings, at most. */
  longestSilenceMs = 0;
  private pingedAt: number | undefined;

  /** The master's door at the other end. */
  to(acceptor: AgentAcceptor): AgentAcceptor {
    return {
      accept: (link) => {
        const receiver = acceptor.accept({
          send: (message) => {
            if (this.isCut) return;
            if (message.type === 'PING') this.notePing();
            link.send(message);
          },
          close: () => {
            link.close();
          },
        });
        return {
          onMessage: (message) => {
            if (!this.isCut) receiver.onMessage(message);
          },
          onClosed: () => {
            receiver.onClosed();
          },
        };
      },
    };
  }

  private notePing(): void {
    const now = systemClock.monotonic();
    if (this.pingedAt !== undefined) this.longestSilenceMs = Math.max(this.longestSilenceMs, now - this.pingedAt);
    this.pingedAt = now;
  }
}
