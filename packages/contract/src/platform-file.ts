/** What a running platform writes about itself: `<data-dir>/stadion.pid`, and its addresses for `--addresses-file`. */
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

/** `stadion.pid`. `startTime` is the process's start in clock ticks since boot, which tells a reused pid apart. */
export const PlatformFile = Type.Object({
  pid: Type.Integer({ minimum: 1 }),
  startTime: Type.String(),
  /** Where only an agent runs, there is nothing else. */
  addresses: Type.Partial(PlatformAddresses),
});
export type PlatformFile = Static<typeof PlatformFile>;
