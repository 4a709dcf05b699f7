/** What the API is given by whoever starts it. */
import type { Clock, Logger, Random, Timers } from '@stadion/base';
import type { ServicePortRange } from '../core/app/service-ports.ts';
import type { AppDefaults } from '../core/app/spec.ts';

/** Settings and surroundings of the orchestrator's API. */
export interface OrchestratorHttpOptions {
  readonly time: Clock & Timers;
  readonly random: Random;
  readonly log: Logger;
  /** `host:port` of the leader, undefined while there is none. */
  readonly leader: () => string | undefined;
  /** False while state is being loaded: then everything but `/ping` is answered 503. */
  readonly ready: () => boolean;
  /** What fills the gaps of apps. */
  readonly defaults?: AppDefaults;
  readonly servicePorts?: ServicePortRange;
  /** What `/v2/info` says beyond what the API knows itself. */
  readonly info?: InfoValues;
  /** Bytes of a request's body. */
  readonly bodyLimitBytes?: number;
  /** The value of Access-Control-Allow-Origin; undefined: no CORS headers. */
  readonly corsOrigin?: string;
}

/** Values of `/v2/info`; names are Marathon's, unknown ones are added. */
export interface InfoValues {
  /** Clients choose their dialect by it: at least 1.5 means the `networks` form of apps. */
  readonly version?: string;
  readonly buildref?: string;
  readonly marathonConfig?: Readonly<Record<string, unknown>>;
  readonly zookeeperConfig?: Readonly<Record<string, unknown>>;
  readonly httpConfig?: Readonly<Record<string, unknown>>;
}
