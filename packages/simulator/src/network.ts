/** The wire between agents and the control plane: delays, loses, duplicates and cuts, but keeps the order of a link. */
import { PlatformError, randomFraction, type Clock, type Random, type Timers } from '@stadion/base';
import type {
  AgentAcceptor,
  AgentMessage,
  Link,
  LinkReceiver,
  MasterDialer,
  MasterMessage,
} from '@stadion/contract/agent-link';

/** How bad the wire is. Probabilities per message, in [0, 1]; zero while no faults are wanted. */
export interface NetworkFaults {
  delayMsMax: number;
  lossProbability: number;
  duplicateProbability: number;
}

/** Which way an agent is cut off; messages that way vanish without a word. */
export interface Partition {
  readonly toMaster: boolean;
  readonly toAgent: boolean;
}

const CONNECTED: Partition = { toMaster: false, toAgent: false };
/** A break that cannot be told because of a partition is told so much later. */
const BREAK_TOLD_AGAIN_MS = 1_000;

/** One open link, as the network sees it. */
interface Wire {
  readonly agent: string;
  /** The process at one end is gone. */
  lose(end: 'agent' | 'master'): void;
}

/** All links of the simulated cluster. The acceptor changes when the control plane is started anew. */
export class SimulatedNetwork {
  readonly faults: NetworkFaults = { delayMsMax: 5, lossProbability: 0, duplicateProbability: 0 };
  private acceptor: AgentAcceptor | undefined;
  private readonly wires = new Set<Wire>();
  private readonly partitions = new Map<string, Partition>();
  private readonly time: Clock & Timers;
  private readonly random: Random;

  constructor(time: Clock & Timers, random: Random) {
    this.time = time;
    this.random = random;
  }

  /** The control plane is up and takes links, or (undefined) is gone: every link breaks. */
  setAcceptor(acceptor: AgentAcceptor | undefined): void {
    this.acceptor = acceptor;
    if (acceptor === undefined) for (const wire of [...this.wires]) wire.lose('master');
  }

  /** Cuts one agent off, one way or both, or (undefined) lets it back in. Nobody is told. */
  setPartition(agent: string, partition: Partition | undefined): void {
    if (partition === undefined) this.partitions.delete(agent);
    else this.partitions.set(agent, partition);
  }

  /** Breaks the links of one agent, as its crash does. */
  disconnect(agent: string): void {
    for (const wire of [...this.wires]) if (wire.agent === agent) wire.lose('agent');
  }

  /** Mends everything. */
  heal(): void {
    this.partitions.clear();
    this.faults.lossProbability = 0;
    this.faults.duplicateProbability = 0;
    this.faults.delayMsMax = 5;
  }

  /** The dialer of one agent. */
  dialer(agent: string): MasterDialer {
    return {
      dial: (receiver) => {
        const { acceptor } = this;
        const { toMaster, toAgent } = this.partitionOf(agent);
        if (acceptor === undefined || toMaster || toAgent) {
          return Promise.reject(
            new PlatformError('master-unreachable', `No master answers ${agent}.`, { retryable: true }),
          );
        }
        return Promise.resolve(this.open(agent, acceptor, receiver));
      },
    };
  }

  private partitionOf(agent: string): Partition {
    return this.partitions.get(agent) ?? CONNECTED;
  }

  private open(agent: string, acceptor: AgentAcceptor, agentSide: LinkReceiver<MasterMessage>): Link<AgentMessage> {
    let isBroken = false;
    const breakOff = (): void => {
      if (isBroken) return;
      isBroken = true;
      this.wires.delete(wire);
      toAgent.end();
      toMaster.end();
    };
    const toAgent = new Lane<MasterMessage>(
      this.laneParts(() => this.partitionOf(agent).toAgent),
      {
        deliver: (message) => {
          agentSide.onMessage(message);
        },
        tellEnd: () => {
          agentSide.onClosed();
        },
      },
    );
    const toMaster = new Lane<AgentMessage>(
      this.laneParts(() => this.partitionOf(agent).toMaster),
      {
        deliver: (message) => {
          masterSide.onMessage(message);
        },
        tellEnd: () => {
          masterSide.onClosed();
        },
      },
    );
    const wire: Wire = {
      agent,
      lose: (end) => {
        (end === 'agent' ? toAgent : toMaster).stopListening();
        breakOff();
      },
    };
    const masterSide = acceptor.accept({
      send: (message) => {
        toAgent.send(message);
      },
      close: breakOff,
    });
    this.wires.add(wire);
    return {
      send: (message) => {
        toMaster.send(message);
      },
      close: breakOff,
    };
  }

  private laneParts(isCut: () => boolean): LaneParts {
    return { time: this.time, random: this.random, faults: this.faults, isCut };
  }
}

interface LaneParts {
  readonly time: Clock & Timers;
  readonly random: Random;
  readonly faults: NetworkFaults;
  readonly isCut: () => boolean;
}

/**
 * One direction of a link: first in, first out, whatever the delays. What was sent before the break still arrives, maybe
 * long after a new link was opened; the news of the break comes last.
 */
class Lane<Message> {
  private readonly parts: LaneParts;
  private readonly receiver: { deliver(message: Message): void; tellEnd(): void };
  private lastArrival = 0;
  private hasEnded = false;
  private isListening = true;

  constructor(parts: LaneParts, receiver: { deliver(message: Message): void; tellEnd(): void }) {
    this.parts = parts;
    this.receiver = receiver;
  }

  send(message: Message): void {
    const { random, faults, isCut } = this.parts;
    if (this.hasEnded || isCut()) return;
    if (randomFraction(random) < faults.lossProbability) return;
    const copies = randomFraction(random) < faults.duplicateProbability ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      this.arrive(() => {
        if (this.isListening && !isCut()) this.receiver.deliver(message);
      });
    }
  }

  /** The link is broken: nothing more is taken, what is under way arrives, then the news. */
  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.arrive(() => {
      this.tellEnd();
    });
  }

  /** The receiving process is gone. */
  stopListening(): void {
    this.isListening = false;
  }

  private tellEnd(): void {
    const { time, isCut } = this.parts;
    if (!this.isListening) return;
    if (!isCut()) {
      this.isListening = false;
      this.receiver.tellEnd();
      return;
    }
    time.after(BREAK_TOLD_AGAIN_MS, () => {
      this.tellEnd();
    });
  }

  private arrive(then: () => void): void {
    const { time, random, faults } = this.parts;
    // Timers of one moment fire in the order of their start, so an equal arrival keeps the order.
    const now = time.monotonic();
    const delayMs = Math.floor(randomFraction(random) * faults.delayMsMax);
    this.lastArrival = Math.max(this.lastArrival, now + delayMs);
    time.after(this.lastArrival - now, then);
  }
}
