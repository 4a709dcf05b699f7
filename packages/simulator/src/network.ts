/** The wire between agents and the control plane: delays, loses, duplicates and cuts, but keeps the order of a link. */
import { PlatformError, randomFraction, type Clock, type Random, type Timers } from '@stadion/base';
import type { AgentAcceptor, AgentMessage, Link, LinkReceiver, MasterMessage } from '@stadion/contract/agent-link';
import type { Life } from './mortal.ts';

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

/** A break that cannot be told because of a partition is told so much later. */
const BREAK_TOLD_AGAIN_MS = 1_000;

/** One open link, as the network sees it. */
interface Wire {
  readonly agent: string;
  /** The servers that it leads over: the last has the master. */
  readonly route: readonly string[];
  /** The process at one end is gone, or (`way`) one between them. */
  lose(end: 'agent' | 'master' | 'way'): void;
}

/** A master that takes links, in its process. */
interface Ear {
  readonly acceptor: AgentAcceptor;
  readonly life: Life;
}

/** An agent that opens a link, from its process. */
export interface Caller {
  readonly agent: string;
  readonly life: Life;
}

/** All links of the simulated cluster, and which of its processes cannot reach which. Names are those of processes. */
export class SimulatedNetwork {
  readonly faults: NetworkFaults = { delayMsMax: 5, lossProbability: 0, duplicateProbability: 0 };
  private readonly ears = new Map<string, Ear>();
  private readonly wires = new Set<Wire>();
  private readonly partitions = new Map<string, Partition>();
  private readonly cuts = new Set<string>();
  /** The most messages that were ever under way on one link. */
  inFlightMax = 0;
  private readonly time: Clock & Timers;
  private readonly random: Random;

  constructor(time: Clock & Timers, random: Random) {
    this.time = time;
    this.random = random;
  }

  /** A server takes links for its master. */
  listen(server: string, acceptor: AgentAcceptor, life: Life): void {
    this.ears.set(server, { acceptor, life });
  }

  /** A server takes links no more: every one that it has breaks. */
  stopListening(server: string): void {
    if (!this.ears.delete(server)) return;
    for (const wire of [...this.wires]) if (wire.route.at(-1) === server) wire.lose('master');
  }

  /** The process of a server is gone, with what it has passed on to others. */
  disconnectServer(server: string): void {
    this.stopListening(server);
    for (const wire of [...this.wires]) if (wire.route.includes(server)) wire.lose('way');
  }

  /** Cuts one agent off from all servers, one way or both, or (undefined) lets it back in. Nobody is told. */
  setPartition(agent: string, partition: Partition | undefined): void {
    if (partition === undefined) this.partitions.delete(agent);
    else this.partitions.set(agent, partition);
  }

  /** What one process sends to another vanishes from now on. Nobody is told. */
  cut(from: string, to: string): void {
    this.cuts.add(`${from}>${to}`);
  }

  /** Whatever was cut between processes is joined again. */
  join(): void {
    this.cuts.clear();
  }

  /** Whether what one process sends to another vanishes. */
  isCut(from: string, to: string): boolean {
    return this.cuts.size > 0 && this.cuts.has(`${from}>${to}`);
  }

  /** Breaks the links of one agent, as its crash does. */
  disconnect(agent: string): void {
    for (const wire of [...this.wires]) if (wire.agent === agent) wire.lose('agent');
  }

  /** Mends everything. */
  heal(): void {
    this.partitions.clear();
    this.cuts.clear();
    this.faults.lossProbability = 0;
    this.faults.duplicateProbability = 0;
    this.faults.delayMsMax = 5;
  }

  /**
   * Opens a link.
   * @param route servers, of which the last has the master
   * @throws PlatformError `master-unreachable`
   */
  open(caller: Caller, route: readonly string[], receiver: LinkReceiver<MasterMessage>): Link<AgentMessage> {
    const ear = this.ears.get(route.at(-1) ?? '');
    if (ear === undefined || this.isCutThere(caller.agent, route) || this.isCutBack(caller.agent, route)) {
      throw new PlatformError('master-unreachable', `No master answers ${caller.agent}.`, { retryable: true });
    }
    return this.wire(caller, route, ear, receiver);
  }

  private isCutThere(agent: string, route: readonly string[]): boolean {
    if (this.partitions.get(agent)?.toMaster === true) return true;
    return this.cuts.size > 0 && route.some((server, index) => this.isCut(route[index - 1] ?? agent, server));
  }

  private isCutBack(agent: string, route: readonly string[]): boolean {
    if (this.partitions.get(agent)?.toAgent === true) return true;
    return this.cuts.size > 0 && route.some((server, index) => this.isCut(server, route[index - 1] ?? agent));
  }

  private wire(
    { agent, life }: Caller,
    route: readonly string[],
    ear: Ear,
    agentSide: LinkReceiver<MasterMessage>,
  ): Link<AgentMessage> {
    let isBroken = false;
    const breakOff = (): void => {
      if (isBroken) return;
      isBroken = true;
      this.wires.delete(wire);
      toAgent.end();
      toMaster.end();
    };
    const toAgent = new Lane<MasterMessage>(
      this.laneParts(life, () => this.isCutBack(agent, route)),
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
      this.laneParts(ear.life, () => this.isCutThere(agent, route)),
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
      route,
      lose: (end) => {
        if (end !== 'way') (end === 'agent' ? toAgent : toMaster).stopListening();
        breakOff();
      },
    };
    const masterSide = ear.acceptor.accept({
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

  private laneParts(life: Life, isCut: () => boolean): LaneParts {
    const onSend = (inFlight: number): void => {
      this.inFlightMax = Math.max(this.inFlightMax, inFlight);
    };
    return { time: this.time, random: this.random, faults: this.faults, life, isCut, onSend };
  }
}

interface LaneParts {
  readonly time: Clock & Timers;
  readonly random: Random;
  readonly faults: NetworkFaults;
  /** Of the process that receives. */
  readonly life: Life;
  readonly isCut: () => boolean;
  /** Told how much is under way, with what was just sent. */
  readonly onSend: (inFlight: number) => void;
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
  private inFlight = 0;

  constructor(parts: LaneParts, receiver: { deliver(message: Message): void; tellEnd(): void }) {
    this.parts = parts;
    this.receiver = receiver;
  }

  send(message: Message): void {
    const { random, faults, life, isCut, onSend } = this.parts;
    if (this.hasEnded || isCut()) return;
    if (randomFraction(random) < faults.lossProbability) return;
    const copies = randomFraction(random) < faults.duplicateProbability ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      this.inFlight += 1;
      onSend(this.inFlight);
      this.arrive(() => {
        this.inFlight -= 1;
        if (!this.isListening || isCut()) return;
        life.run(() => {
          if (this.isListening) this.receiver.deliver(message);
        });
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
    const { time, life, isCut } = this.parts;
    if (!this.isListening) return;
    if (!isCut()) {
      life.run(() => {
        if (!this.isListening) return;
        this.isListening = false;
        this.receiver.tellEnd();
      });
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
