/** Whether containers can be run on this machine: what is needed is looked for, then one is run. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '@stadion/base';
import { makeBundle, type BundleLimits } from './bundle.ts';
import type { Cgroups } from './cgroups.ts';
import type { Confiner } from './confiner.ts';
import type { ContainerEnding } from './container-ending.ts';
import type { HostRoot } from './host-root.ts';
import { findInit, INIT_PROGRAMS, type Runtime } from './runtime.ts';

/** The first version that can keep a container's control groups after its end. */
const RUNTIME_MIN = [1, 1] as const;
const TRIAL_ID = 'trial';

/** What is looked at. */
export interface TrialParts {
  readonly cgroups: Cgroups;
  readonly ending: ContainerEnding;
  readonly runtime: Runtime;
  readonly hostRoot: HostRoot;
  readonly confiner: Confiner;
  readonly limits: BundleLimits;
  /** For the trial's files. */
  readonly directory: string;
}

/** A sentence about what is missing and how to get it; or nothing. */
export async function findLinuxProblem(parts: TrialParts): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'only root can make containers, and the agent runs as an ordinary user';
  const found = await parts.runtime.version();
  if ('problem' in found) return found.problem;
  const [major = 0, minor = 0] = found.version.split('.').map(Number);
  if (major < RUNTIME_MIN[0] || (major === RUNTIME_MIN[0] && minor < RUNTIME_MIN[1])) {
    return `${parts.runtime.program} ${found.version} is too old: ${RUNTIME_MIN.join('.')} or newer is needed`;
  }
  if (findInit() === undefined) {
    return `an init is missing (${INIT_PROGRAMS.join(' or ')}): install one, e.g. apt-get install catatonit`;
  }
  try {
    await parts.hostRoot.open();
    const problem = await runTrial(parts);
    return problem === undefined ? undefined : `a trial container did not run: ${problem}`;
  } catch (error) {
    return `a trial container could not be made: ${describeError(error)}`;
  }
}

async function runTrial({
  cgroups,
  ending,
  runtime,
  hostRoot,
  confiner,
  limits,
  directory,
}: TrialParts): Promise<string | undefined> {
  await rm(directory, { recursive: true, force: true });
  const sandbox = join(directory, 'sandbox');
  await mkdir(sandbox, { recursive: true });
  await mkdir(runtime.stateDirectory, { recursive: true, mode: 0o700 });
  const spec = {
    containerId: TRIAL_ID,
    command: { kind: 'shell' as const, text: 'exit 0' },
    environment: {},
    directory: sandbox,
    // So that every control that tasks need is tried as well.
    limits: { cpus: 1, memoryBytes: 0x8000000, diskBytes: 0, gpus: 0 },
  };
  const root = {
    path: hostRoot.path,
    readOnly: true,
    mounts: hostRoot.mounts(),
    user: { uid: 0, gid: 0 },
    environment: {},
    sandbox,
    directory: sandbox,
    argv: ['/bin/sh', '-c', spec.command.text],
  };
  const confinement = await confiner.confine(spec);
  if ('message' in confinement) return confinement.message;
  const bundle = makeBundle(spec, root, confinement, undefined, cgroups, limits);
  await writeFile(join(directory, 'config.json'), JSON.stringify(bundle));
  try {
    return await runtime.tryRun(TRIAL_ID, directory);
  } finally {
    await ending.clear(TRIAL_ID);
    cgroups.removeParents();
    await rm(directory, { recursive: true, force: true });
  }
}
