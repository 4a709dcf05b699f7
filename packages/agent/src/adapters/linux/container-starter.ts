/** Starts one container: on what it runs, in which namespaces, under which supervisor. */
import type { ChildProcess } from 'node:child_process';
import { delay, type Timers } from '@stadion/base';
import { memoryLimit } from '../../core/oci/runtime-spec.ts';
import { terminalOf } from '../../core/terminal.ts';
import type { ContainerSpec, LaunchFailure } from '../../ports/containerizer.ts';
import { identifyChild, type ProcessIdentity } from '../process-identity.ts';
import type { ContainerDirectories } from '../supervised/container-directory.ts';
import { CONTAINER_VARIABLE } from '../supervised/process-table.ts';
import { findTerminalProblem, inTerminal } from '../script-terminal.ts';
import { spawnSupervisor } from '../supervised/spawn-supervisor.ts';
import { makeTerminalInput } from '../supervised/supervised-terminal.ts';
import { SUPERVISOR_SCRIPT } from '../supervised/supervisor.ts';
import {
  makeBundle,
  type BundleConfinement,
  type BundleLimits,
  type BundleNamespaces,
  type BundleRoot,
} from './bundle.ts';
import type { BundleFiles } from './bundle-files.ts';
import type { Cgroups } from './cgroups.ts';
import type { Confiner } from './confiner.ts';
import type { ContainerDetails } from './container-details.ts';
import { hostBundleRoot } from './host-bundle.ts';
import type { HostRoot } from './host-root.ts';
import { imageBundleRoot, makeOverlayDirectories, overlaySupervisor, writtenDirectory } from './image-bundle.ts';
import type { StoredImage } from './images/image-store.ts';
import type { ContainerNetworks, JoinedNetworks } from './networks/container-networks.ts';
import { readPid, type Runtime } from './runtime.ts';
import type { SharedProcesses } from './shared-processes.ts';
import { findStartFailure } from './start-failure.ts';
import { stopOf } from './stop-signal.ts';

/** How often is looked whether a container has begun to run: at first, and when it takes longer, as among many others. */
const START_POLL_MS = 2;
const LATE_POLL_MS = 10;
const LATE_MS = 60;

/** What starting needs. */
export interface StarterParts {
  readonly timers: Timers;
  readonly directories: ContainerDirectories;
  readonly runtime: Runtime;
  readonly hostRoot: HostRoot;
  readonly networks: ContainerNetworks;
  readonly sharedProcesses: SharedProcesses;
  readonly cgroups: Cgroups;
  readonly confiner: Confiner;
  readonly bundleFiles: BundleFiles;
  readonly limits: BundleLimits;
  /** The image of a spec that has one. */
  readonly imageOf: (spec: ContainerSpec) => Promise<StoredImage | LaunchFailure | undefined>;
  readonly layersDirectory: string;
  /** Writes down who supervises a container, for an agent that comes after this one. */
  readonly writeDown: (containerId: string, supervisor: ProcessIdentity, details: ContainerDetails) => Promise<void>;
}

/** A container whose command runs, or did. */
export interface StartedContainer {
  readonly ok: true;
  readonly supervisor: ProcessIdentity;
  /** Its first process. */
  readonly init: number;
  /** Resolves when its supervisor has ended. */
  readonly gone: Promise<void>;
  readonly details: ContainerDetails;
}

/** A container's root, and what starts its supervisor. */
interface Ground {
  readonly root: BundleRoot;
  readonly supervisor: readonly string[];
  /** How its image wants to be asked to end. */
  readonly stopSignal: string | undefined;
  /** Where it writes besides its sandbox. */
  readonly written: readonly string[];
  readonly layers: readonly string[];
}

/** See above. */
export class ContainerStarter {
  private readonly parts: StarterParts;

  constructor(parts: StarterParts) {
    this.parts = parts;
  }

  /** Its directory exists; when it fails, what was begun is still there. */
  async start(spec: ContainerSpec): Promise<StartedContainer | LaunchFailure> {
    const { containerId, limits } = spec;
    const { directories, cgroups, runtime } = this.parts;
    const directory = directories.directory(containerId);
    const terminal = terminalOf(spec.container);
    const missing = terminal === undefined ? undefined : findTerminalProblem();
    if (missing !== undefined) return { ok: false, message: missing };
    const confinement = await this.parts.confiner.confine(spec);
    if ('message' in confinement) return confinement;
    const joined = await this.join(spec);
    if (joined !== undefined && 'message' in joined) return joined;
    const ground = await this.prepareGround(spec, directory, joined?.namespaces);
    if ('message' in ground) return ground;
    const shared = await this.joinProcesses(spec, confinement);
    if (shared !== undefined && 'message' in shared) return shared;
    const { root } = ground;
    const bundle = makeBundle(spec, root, confinement, joined?.namespaces, cgroups, this.parts.limits, shared?.path);
    await this.parts.bundleFiles.write(containerId, directory, bundle);
    const command = runtime.runCommand(containerId, directory);
    const started = await spawnSupervisor({
      argv: [...ground.supervisor, ...(terminal === undefined ? command : inTerminal(command, terminal))],
      environment: {
        ...runtime.environment,
        [CONTAINER_VARIABLE]: containerId,
        ...(terminal === undefined ? {} : { SHELL: '/bin/sh' }),
      },
      directory,
      outputDirectory: spec.directory,
      ...(terminal === undefined ? {} : { input: await makeTerminalInput(directory) }),
    });
    if (!started.ok) return started;
    // Heard in the same turn as the start, so that the exit of a short command is not missed.
    const ending = watchEnd(started.child);
    const supervisor = identifyChild(started.pid);
    const addresses = joined?.addresses ?? [];
    const details: ContainerDetails = {
      stop: stopOf(spec, confinement.stopSignal, ground.stopSignal),
      memoryBytes: limits === undefined ? 0 : memoryLimit(limits.memoryBytes),
      written: [...ground.written],
      layers: [...ground.layers],
      ...(addresses.length === 0 ? {} : { addresses: [...addresses] }),
      ...(spec.pod === undefined ? {} : { podId: spec.pod.podId }),
      ...(confinement.devices.length === 0 ? {} : { devices: confinement.devices.map(({ path }) => path) }),
    };
    // While the runtime is at work.
    const [init] = await Promise.all([
      this.waitForStart(directory, ending.isOver),
      this.parts.writeDown(containerId, supervisor, details),
    ]);
    if (init !== undefined) return { ok: true, supervisor, init, gone: ending.gone, details };
    const why = await findStartFailure(directory);
    return { ok: false, message: why ?? 'The container could not be started: the runtime does not say why' };
  }

  private async joinProcesses(
    { pod }: ContainerSpec,
    { processes }: BundleConfinement,
  ): Promise<{ readonly path: string } | LaunchFailure | undefined> {
    if (processes === 'own' || pod === undefined) return undefined;
    const path = await this.parts.sharedProcesses.join(pod.podId);
    const message = 'namespace-failed: the process namespace of the pod could not be made';
    return path === undefined ? { ok: false, message } : { path };
  }

  /** Those of its pod, or its own; undefined: those of the machine. */
  private async join({
    containerId,
    container,
    pod,
  }: ContainerSpec): Promise<JoinedNetworks | LaunchFailure | undefined> {
    const infos = (pod === undefined ? container : pod.info)?.network_infos ?? [];
    if (infos.length === 0 && pod === undefined) return undefined;
    return this.parts.networks.join(pod?.podId ?? containerId, infos, pod !== undefined);
  }

  private async prepareGround(
    spec: ContainerSpec,
    directory: string,
    namespaces: BundleNamespaces | undefined,
  ): Promise<Ground | LaunchFailure> {
    const exitDirectory = this.parts.directories.exitDirectory(spec.containerId);
    const image = await this.parts.imageOf(spec);
    if (image === undefined) {
      const root = await hostBundleRoot(spec, this.parts.hostRoot);
      if ('message' in root) return root;
      return {
        root,
        supervisor: ['/bin/sh', '-c', SUPERVISOR_SCRIPT, 'stadion-supervisor', exitDirectory],
        stopSignal: undefined,
        written: [],
        layers: [],
      };
    }
    if ('message' in image) return image;
    const root = imageBundleRoot(spec, image, directory, namespaces?.network === undefined);
    if ('message' in root) return root;
    await makeOverlayDirectories(directory);
    return {
      root,
      supervisor: overlaySupervisor(image, this.parts.layersDirectory, directory, exitDirectory),
      stopSignal: image.stopSignal,
      written: [writtenDirectory(directory)],
      layers: image.layers,
    };
  }

  /**
   * The runtime writes the pid of the first process once that runs the command. Undefined when it ended without, or has not
   * come so far in time.
   */
  async waitForStart(directory: string, isOver: () => boolean, limitMs = Infinity): Promise<number | undefined> {
    for (let waitedMs = 0; ;) {
      const wasOver = isOver();
      const pid = readPid(directory);
      if (pid !== undefined || wasOver || waitedMs >= limitMs) return pid;
      const pauseMs = waitedMs < LATE_MS ? START_POLL_MS : LATE_POLL_MS;
      await delay(this.parts.timers, pauseMs);
      waitedMs += pauseMs;
    }
  }
}

function watchEnd(child: ChildProcess): { readonly gone: Promise<void>; readonly isOver: () => boolean } {
  const state = { isOver: false };
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      state.isOver = true;
      resolve();
    });
  });
  return { gone, isOver: () => state.isOver };
}
