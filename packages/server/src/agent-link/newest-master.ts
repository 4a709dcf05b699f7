/** Which master an agent takes: the first that it reaches, unless that one does not know yet that it leads no longer. */
import { PlatformError, describeError } from '@stadion/base';
import type { AgentMessage, Link, LinkReceiver, MasterDialer, MasterMessage } from '@stadion/contract/agent-link';

/** A master that was reached and has said under which epoch it leads. */
export interface ReachedMaster {
  readonly epoch: number;
  open(receiver: LinkReceiver<MasterMessage>): Link<AgentMessage>;
  /** Leaves it without a word. */
  abandon(): void;
}

/** What a dialer needs. */
export interface NewestMasterOptions {
  /** Masters to try, the likeliest leader first; asked anew for each dial. */
  readonly masters: () => readonly string[];
  /** Rejects with the reason when it leads nobody, or cannot be reached. */
  readonly reach: (master: string) => Promise<ReachedMaster>;
}

/** Makes a dialer. A master under an older epoch than one that was met before is refused: it does not know it is over. */
export function newestMasterDialer({ masters, reach }: NewestMasterOptions): MasterDialer {
  let newestEpoch = 0;
  return {
    async dial(receiver) {
      const problems: string[] = [];
      for (const master of masters()) {
        try {
          const reached = await reach(master);
          const { epoch } = reached;
          if (epoch < newestEpoch) {
            reached.abandon();
            problems.push(`${master} leads under epoch ${String(epoch)}, and ${String(newestEpoch)} was met before`);
            continue;
          }
          newestEpoch = epoch;
          return reached.open(receiver);
        } catch (error) {
          problems.push(describeError(error));
        }
      }
      const why =
        problems.length === 0
          ? 'nobody leads where --zk looks (is its folder the one of the servers?)'
          : problems.join('; ');
      throw new PlatformError('master-unreachable', `No leading master can be reached: ${why}.`, { retryable: true });
    },
  };
}
