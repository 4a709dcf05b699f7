/** Works out how a container is kept apart: what was asked for, the profile that is named, the devices that it gets. */
import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { basename, join } from 'node:path';
import { describeError, errorCode } from '@stadion/base';
import { confine, type Confinement, type ConfinementPolicy } from '../../core/oci/confinement.ts';
import { defaultSeccompProfile, type SeccompProfile } from '../../core/oci/seccomp.ts';
import { readSeccompProfile } from '../../core/oci/seccomp-profile.ts';
import type { ContainerSpec, LaunchFailure } from '../../ports/containerizer.ts';
import type { BundleConfinement } from './bundle.ts';
import type { GpuDevices } from './gpu-devices.ts';
import { signalNumber } from './stop-signal.ts';

/** What it needs. */
export interface ConfinerParts {
  readonly policy: ConfinementPolicy;
  readonly gpus: GpuDevices;
  /** Where the operator's own seccomp profiles are, one JSON file each. */
  readonly seccompDirectory: string | undefined;
}

/** One per agent. */
export class Confiner {
  private readonly parts: ConfinerParts;

  constructor(parts: ConfinerParts) {
    this.parts = parts;
  }

  /** The devices are the container's from now on; a failure holds none. */
  async confine({ containerId, container, pod, limits }: ContainerSpec): Promise<BundleConfinement | LaunchFailure> {
    const { policy, gpus } = this.parts;
    const wanted = confine(container, pod, policy);
    if ('problem' in wanted) return { ok: false, message: wanted.problem };
    const { stopSignal } = wanted;
    if (stopSignal !== undefined && signalNumber(stopSignal) === undefined) {
      return { ok: false, message: `stop-signal-unknown: this system has no signal "${stopSignal}"` };
    }
    const profile = await this.profileOf(wanted);
    if (profile !== undefined && 'message' in profile) return profile;
    const devices = await gpus.take(containerId, limits?.gpus ?? 0);
    return 'message' in devices ? devices : { ...wanted, profile, devices };
  }

  private async profileOf({ seccomp, bounding }: Confinement): Promise<SeccompProfile | LaunchFailure | undefined> {
    if (seccomp === 'none') return undefined;
    if (seccomp === 'default') return defaultSeccompProfile(process.arch);
    const { name } = seccomp;
    const directory = this.parts.seccompDirectory;
    const where = directory ?? 'none: give --seccomp-config-dir';
    const missing = `seccomp-profile-missing: there is no profile "${name}" (directory of profiles: ${where})`;
    if (directory === undefined || basename(name) !== name) return { ok: false, message: missing };
    try {
      const text = await readFile(join(directory, name), 'utf8');
      const facts = { architecture: process.arch, kernel: release(), capabilities: bounding };
      const profile = readSeccompProfile(JSON.parse(text), facts);
      if (!('problem' in profile)) return profile;
      return { ok: false, message: `seccomp-profile-invalid: "${name}" ${profile.problem}` };
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return { ok: false, message: missing };
      return { ok: false, message: `seccomp-profile-invalid: "${name}": ${describeError(error)}` };
    }
  }
}
