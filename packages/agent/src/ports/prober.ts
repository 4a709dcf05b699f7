/** The port that asks a task how it is: one HTTP, TCP or COMMAND probe. */
import type { ProbeAnswer } from '../core/probe.ts';

/** One probe. HTTP and TCP try the addresses in order until one accepts the connection. */
export type ProbeRequest =
  | {
      readonly kind: 'http';
      readonly scheme: 'http' | 'https';
      readonly addresses: readonly string[];
      readonly port: number;
      readonly path: string;
      readonly timeoutMs: number;
      /** Whether the caller wants the body. */
      readonly wantsBody: boolean;
    }
  | {
      readonly kind: 'tcp';
      readonly addresses: readonly string[];
      readonly port: number;
      readonly timeoutMs: number;
    }
  | {
      readonly kind: 'command';
      readonly containerId: string;
      readonly command: string;
      /** As the container sees it; absent: its own. */
      readonly directory?: string;
      readonly environment: Readonly<Record<string, string>>;
      readonly user?: string;
      readonly timeoutMs: number;
    };

/** Runs probes. Never rejects. */
export interface Prober {
  probe(request: ProbeRequest): Promise<ProbeAnswer>;
  /** Ends what is under way. */
  close(): Promise<void>;
}
