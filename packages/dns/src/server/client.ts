/** Who asks, and how. */
import type { Transport } from './query-log.ts';

/** One client. */
export interface Client {
  readonly address: string;
  readonly transport: Transport;
}
