/** Who asks, and how. */

/** One client. */
export interface Client {
  readonly address: string;
  readonly transport: 'udp' | 'tcp' | 'tls' | 'http';
}
