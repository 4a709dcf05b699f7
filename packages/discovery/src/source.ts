/** The port through which nodes are found. */
import type { ServiceNode } from './core/service-node.ts';

/** Hears of one service. */
export interface SourceListener {
  /** All nodes that the source has now, healthy or not. */
  onNodes(nodes: readonly ServiceNode[]): void;
  /** The source cannot be reached: what was known stays. */
  onTrouble(error: unknown): void;
}

/** Following one service, until it is closed. */
export interface Subscription {
  close(): void;
}

/** Where nodes come from. */
export interface NodeSource {
  readonly name: string;
  /** Tells of the service's nodes as soon as they are known, and of every change. */
  follow(service: string, listener: SourceListener): Subscription;
  /** The services that there are, where the source can tell. */
  services?(): Promise<readonly string[]>;
  close(): Promise<void>;
}
