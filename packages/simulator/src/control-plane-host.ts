/** The port to what runs the control plane: one process on a disk of its own, or several servers that share an ensemble. */
import type { Clock, Random, Timers } from '@stadion/base';
import type { VirtualTime } from '@stadion/base/testing';
import type { MasterDialer } from '@stadion/contract/agent-link';
import type { JsonValue } from '@stadion/store';
import type { DiskFaults } from './faulty-store.ts';
import type { Life } from './mortal.ts';
import type { SimulatedNetwork } from './network.ts';
import type { ControlPlane, ReignWorld } from './reign.ts';

/** What a host needs of the world. */
export interface HostWorld extends ReignWorld {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly network: SimulatedNetwork;
  readonly diskFaults: DiskFaults;
  /** When a disk that was full last refused a commit, virtual milliseconds since the start; undefined: never. */
  storeRefusedAt: number | undefined;
  /** The one that runs, leads, and can be asked. */
  controlPlane: ControlPlane | undefined;
}

/** An agent, as its dialer needs it. */
export interface DialingAgent {
  readonly name: string;
  readonly index: number;
  readonly life: Life;
  /** Time as its machine sees it. */
  readonly time: Clock & Timers;
}

/** What runs the control plane. */
export interface ControlPlaneHost {
  /** Whether any of it runs, starts or stops. */
  readonly isAlive: boolean;
  /** Whether what leads stands still: it hears nothing and does nothing until it goes on. */
  readonly standsStill: boolean;
  /** Starts what is down. Resolves when it runs; never, should it die before. */
  start(): Promise<void>;
  /** What leads dies at this very moment. */
  crash(): void;
  /** What leads stops in good order. */
  stop(): Promise<void>;
  /** What leads dies so long after its next commit was begun, milliseconds: before it is durable, or before anybody hears. */
  crashInCommit(afterMs: number): void;
  cutSchedulerWire(): void;
  /** Ends the faults of it that are a state of the world. */
  heal(): void;
  /** How an agent finds its master. */
  dialer(agent: DialingAgent): MasterDialer;
  /** The keys of what is durable at this moment. */
  durableKeys(): Iterable<string>;
  /** What is durable under a key at this moment; undefined: nothing. */
  durableValue(key: string): JsonValue | undefined;
}
