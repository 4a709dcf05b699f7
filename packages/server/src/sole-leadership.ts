/** Leading where nobody else can: on the store of this machine, for as long as the process has it. */
import { PlatformError } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import type { EmbeddedStore } from '@stadion/store';
import { openStore } from './open-store.ts';
import type { Platform } from './running-role.ts';
import type { RoleParts } from './start-role.ts';

/** A leadership over the state of this machine. */
export interface SoleLeadership {
  readonly store: EmbeddedStore;
  readonly epoch: number;
  /** Ends it: what leads can no longer act, and has to be started anew. */
  readonly fail: (reason: unknown) => void;
  /** Ends it because somebody asked for that. */
  readonly abdicate: () => void;
  /** Tells of both ends. */
  readonly ends: Required<Pick<Platform, 'failed' | 'abdicated'>>;
  /** Gives the state back. */
  resign(): Promise<void>;
}

/**
 * Opens the store and takes the lead.
 * @throws PlatformError `store-locked`, `store-damaged` and what else the store throws on opening
 */
export async function leadAlone(
  config: ServerConfig,
  { dataDirectory, hostname, logger, ports, undoing }: RoleParts,
): Promise<SoleLeadership> {
  const store = await openStore(config, dataDirectory, ports.time, logger.child({ room: 'store' }));
  undoing.add(() => store.close());
  const leadership = await store.campaign(hostname);
  let fail: (reason: unknown) => void = () => undefined;
  const failed = new Promise<unknown>((resolve) => {
    fail = resolve;
  });
  let abdicate: () => void = () => undefined;
  const abdicated = new Promise<void>((resolve) => {
    abdicate = resolve;
  });
  void leadership.lost.then(() => {
    fail(new PlatformError('leadership-lost', 'Another instance has taken over the state.'));
  });
  return {
    store,
    epoch: leadership.epoch,
    fail,
    abdicate,
    ends: { failed, abdicated },
    resign: () => leadership.resign(),
  };
}
