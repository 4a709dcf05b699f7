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

/** One open link, as the network sees it. */
interface Wire {
  readonly agent: string;
  cut(): void;
}

/** All links of the simulated cluster. The acceptor changes when the control plane is started anew. */
export class SimulatedNetwork {
  readonly faults: NetworkFaults = { delayMsMax: 5, lossProbability: 0, duplicateProbability: 0 };
  private acceptor: AgentAcceptor | undefined;
  private readonly wires = new Set<Wire>();
  private readonly partitioned = new Set<string>();
  private readonly time: Clock & Timers;
  private readonly random: Random;

  constructor(time: Clock & Timers, random: Random) {
    this.time = time;
    this.random = random;
  }

  /** The control plane is up and takes links, or (undefined) is gone: every link breaks. */
  setAcceptor(acceptor: AgentAcceptor | undefined): void {
    this.acceptor = acceptor;
    if (acceptor === undefined) for (const wire of [...this.wires]) wire.cut();
  }

  /** Cuts one agent off, or lets it back in. A cut link stays silent: nobody is told that it broke. */
  setPartitioned(agent: string, partitioned: boolean): void {
    if (partitioned) this.partitioned.add(agent);
    else this.partitioned.delete(agent);
  }

  /** Breaks the links of one agent, as its crash does. */
  disconnect(agent: string): void {
    for (const wire of [...this.wires]) if (wire.agent === agent) wire.cut();
  }

  /** Mends everything. */
  heal(): void {
    this.partitioned.clear();
    this.faults.lossProbability = 0;
    this.faults.duplicateProbability = 0;
  }

  /** The dialer of one agent. */
  dialer(agent: string): MasterDialer {
    return {
      dial: (receiver) => {
        const { acceptor } = this;
        if (acceptor === undefined || this.partitioned.has(agent)) {
          return Promise.reject(
            new PlatformError('master-unreachable', `No master answers ${agent}.`, { retryable: true }),
          );
        }
        return Promise.resolve(this.open(agent, acceptor, receiver));
      },
    };
  }

  private open(agent: string, acceptor: AgentAcceptor, agentSide: LinkReceiver<MasterMessage>): Link<AgentMessage> {
    let open = true;
    const cut = (): void => {
      if (!open) return;
      open = false;
      this.wires.delete(wire);
      this.time.after(this.delay(), () => {
        agentSide.onClosed();
      });
      this.time.after(this.delay(), () => {
        masterSide.onClosed();
      });
    };
    const wire: Wire = { agent, cut };
    const isOpen = (): boolean => open;
    const toAgent = this.lane<MasterMessage>(agent, isOpen, (message) => {
      agentSide.onMessage(message);
    });
    const masterSide = acceptor.accept({ send: toAgent, close: cut });
    const toMaster = this.lane<AgentMessage>(agent, isOpen, (message) => {
      masterSide.onMessage(message);
    });
    this.wires.add(wire);
    return { send: toMaster, close: cut };
  }

  /** One direction of a link: first in, first out, whatever the delays. */
  private lane<Message>(agent: string, isOpen: () => boolean, deliver: (message: Message) => void) {
    let lastArrival = 0;
    return (message: Message): void => {
      if (!isOpen() || this.partitioned.has(agent)) return;
      if (randomFraction(this.random) < this.faults.lossProbability) return;
      const copies = randomFraction(this.random) < this.faults.duplicateProbability ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) {
        // Timers of one moment fire in the order of their start, so an equal arrival keeps the order.
        const now = this.time.monotonic();
        lastArrival = Math.max(lastArrival, now + this.delay());
        this.time.after(lastArrival - now, () => {
          if (isOpen() && !this.partitioned.has(agent)) deliver(message);
        });
      }
    };
  }

  private delay(): number {
    return Math.floor(randomFraction(this.random) * this.faults.delayMsMax);
  }
}
