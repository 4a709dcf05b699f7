/** Gpus as devices of the machine: which container has which. */
import { stat } from 'node:fs/promises';
import { PlatformError, describeError } from '@stadion/base';
import type { RuntimeDevice } from '../../core/oci/runtime-spec.ts';
import type { LaunchFailure } from '../../ports/containerizer.ts';

/** What the operator says of them. */
export interface GpuOptions {
  /** One device each, e.g. `/dev/nvidia0`. */
  readonly devices: readonly string[];
  /** Devices that everybody who has a gpu needs beside it, e.g. `/dev/nvidiactl`. */
  readonly shared: readonly string[];
}

/** Hands them out, each to one container at a time. */
export class GpuDevices {
  private readonly options: GpuOptions;
  private readonly holders = new Map<string, string>();

  constructor(options: GpuOptions) {
    this.options = options;
  }

  /** Gives a container so many; a failure gives none. */
  async take(containerId: string, count: number): Promise<readonly RuntimeDevice[] | LaunchFailure> {
    if (count <= 0) return [];
    const free = this.options.devices.filter((path) => !this.holders.has(path));
    const taken = free.slice(0, Math.ceil(count));
    if (taken.length < count) {
      const message = `gpu-missing: the task wants ${count} gpus, and ${free.length} are free (--gpu-devices)`;
      return { ok: false, message };
    }
    for (const path of taken) this.holders.set(path, containerId);
    try {
      return await Promise.all([...taken, ...this.options.shared].map(deviceAt));
    } catch (error) {
      this.giveBack(containerId);
      return { ok: false, message: `gpu-missing: a device cannot be given: ${describeError(error)}` };
    }
  }

  /** A container that outlived its agent holds these. */
  restore(containerId: string, paths: readonly string[]): void {
    for (const path of paths) if (this.options.devices.includes(path)) this.holders.set(path, containerId);
  }

  giveBack(containerId: string): void {
    for (const [path, holder] of this.holders) if (holder === containerId) this.holders.delete(path);
  }
}

/** @throws PlatformError `agent-gpu-device-invalid`, or an error of the file system, when there is no device at the path */
async function deviceAt(path: string): Promise<RuntimeDevice> {
  const found = await stat(path);
  if (!found.isCharacterDevice() && !found.isBlockDevice()) {
    const message = `${path} is no device: --gpu-devices takes paths such as /dev/nvidia0`;
    throw new PlatformError('agent-gpu-device-invalid', message, { details: { path } });
  }
  // The encoding of the C library's makedev(3), below 2^32.
  const major = (found.rdev >>> 8) & 0xfff;
  const minor = (found.rdev & 0xff) | ((found.rdev >>> 12) & 0xfff00);
  return { path, type: found.isCharacterDevice() ? 'c' : 'b', major, minor };
}
