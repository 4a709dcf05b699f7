/** What a running platform writes about itself: a file in its data directory, and its addresses for `--addresses-file`. */
import { Type, type Static } from '@sinclair/typebox';

/** The real URL of every role that runs here; a control plane alone has no agent. */
export const PlatformAddresses = Type.Object({
  orchestrator: Type.String(),
  master: Type.String(),
  agent: Type.Optional(Type.String()),
  /** `dns://address:port`. */
  dns: Type.Optional(Type.String()),
  dnsHttp: Type.Optional(Type.String()),
  edgeHttp: Type.Optional(Type.String()),
  edgeHttps: Type.Optional(Type.String()),
  edgeAdmin: Type.Optional(Type.String()),
});
export type PlatformAddresses = Static<typeof PlatformAddresses>;

/**
 * Its name in the data directory, by what runs: a server and an agent may share one, and a name server or an edge besides.
 * `platform` is whatever has an orchestrator. In the order in which they are stopped.
 */
export const PLATFORM_FILE_NAMES = {
  platform: 'stadion.pid',
  edge: 'stadion-edge.pid',
  dns: 'stadion-dns.pid',
  agent: 'stadion-agent.pid',
} as const;

/** Such a file. `startTime` is the process's start in clock ticks since boot, which tells a reused pid apart. */
export const PlatformFile = Type.Object({
  pid: Type.Integer({ minimum: 1 }),
  startTime: Type.String(),
  /** Of this process alone. */
  addresses: Type.Partial(PlatformAddresses),
});
export type PlatformFile = Static<typeof PlatformFile>;
