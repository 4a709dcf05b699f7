/** Measures what containers use, on demand and at most twice a second, whoever asks. */
import { delay, type Clock, type Timers } from '@stadion/base';
import type { ContainerUsage } from '../../core/container.ts';
import type { Cgroups } from './cgroups.ts';
import { measureDisk } from '../measure-disk.ts';
import { readNetworkUsage } from './network-usage.ts';
import type { TrackedContainer } from './tracked-container.ts';

const USAGE_MS_MAX = 500;
/** What was written to an image is measured rarely, as sandboxes are. */
const WRITTEN_MS_MAX = 15_000;
/** Containers that are measured before others get the event loop. */
const MEASURED_PER_TURN = 16;

/** What it works on. */
export interface UsageMeterParts {
  readonly time: Clock & Timers;
  readonly cgroups: Cgroups | undefined;
  /** Those that run now. */
  readonly containers: ReadonlyMap<string, TrackedContainer>;
}

type UsageById = ReadonlyMap<string, ContainerUsage>;

/** See above. */
export class UsageMeter {
  private readonly parts: UsageMeterParts;
  private cached: { readonly at: number; readonly usage: Promise<UsageById> } | undefined;
  private readonly written = new Map<string, { readonly at: number; readonly bytes: number | undefined }>();

  constructor(parts: UsageMeterParts) {
    this.parts = parts;
  }

  usage(): Promise<UsageById> {
    const now = this.parts.time.monotonic();
    if (this.cached === undefined || now - this.cached.at >= USAGE_MS_MAX) {
      this.cached = { at: now, usage: this.measure() };
    }
    return this.cached.usage;
  }

  private async measure(): Promise<UsageById> {
    const { time, cgroups, containers } = this.parts;
    const usage = new Map<string, ContainerUsage>();
    let count = 0;
    for (const container of [...containers.values()]) {
      count += 1;
      if (count % MEASURED_PER_TURN === 0) await delay(time, 0);
      const measured = cgroups?.usage(container.containerId);
      if (measured === undefined) continue;
      const { init, details } = container;
      const network = init === undefined || details?.addresses === undefined ? undefined : readNetworkUsage(init);
      const diskBytes = await this.writtenBytes(container);
      usage.set(container.containerId, {
        ...measured,
        ...(network === undefined ? {} : { network }),
        ...(diskBytes === undefined ? {} : { diskBytes }),
      });
    }
    for (const containerId of this.written.keys()) if (!containers.has(containerId)) this.written.delete(containerId);
    return usage;
  }

  /** What a container wrote into its layer of the image; undefined without an image. */
  private async writtenBytes({ containerId, details }: TrackedContainer): Promise<number | undefined> {
    const directories = details?.written ?? [];
    if (directories.length === 0) return undefined;
    const now = this.parts.time.monotonic();
    const known = this.written.get(containerId);
    if (known !== undefined && now - known.at < WRITTEN_MS_MAX) return known.bytes;
    const bytes = await measureDisk(directories).catch(() => undefined);
    this.written.set(containerId, { at: now, bytes });
    return bytes;
  }
}
