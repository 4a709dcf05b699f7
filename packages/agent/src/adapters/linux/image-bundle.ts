/** A task on an image: its root is an overlay, which exists for its supervisor and what that starts alone. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { RuntimeMount } from '../../core/oci/runtime-spec.ts';
import { SANDBOX_INSIDE } from '../../core/task-environment.ts';
import type { ContainerSpec, LaunchFailure } from '../../ports/containerizer.ts';
import { EXIT_FILE_PREFIX } from '../supervised/supervisor.ts';
import type { BundleRoot } from './bundle.ts';
import type { StoredImage } from './images/image-store.ts';
import { findImageUser } from './images/image-user.ts';

const PATH_DEFAULT = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** What a container on the machine's network needs of it to find others. */
const NETWORK_FILES = ['/etc/resolv.conf', '/etc/hosts'];

/**
 * Makes the overlay, then runs the command like the supervisor of plain processes. `$1`: the directory for the exit file,
 * `$2`: where layers are, `$3`: the mount options, with paths from there, `$4`: where to mount, `$5`: for complaints.
 */
const OVERLAY_SUPERVISOR = `trap : HUP INT QUIT TERM USR1 USR2 ALRM PIPE
directory=$1
cd "$2" && mount -t overlay overlay -o "$3" "$4" 2>"$5" || exit 1
cd /
shift 5
"$@"
: >"$directory/${EXIT_FILE_PREFIX}$?"`;

/**
 * The root of such a container, or why there is none.
 * @param directory that of the container
 * @param onHostNetwork whether it is on the network of the machine
 */
export function imageBundleRoot(
  spec: ContainerSpec,
  image: StoredImage,
  directory: string,
  onHostNetwork: boolean,
): BundleRoot | LaunchFailure {
  const name = spec.user ?? image.user;
  const user = findImageUser(name, image.passwd, image.group);
  if (user === undefined) return { ok: false, message: `user-unknown: the image has no user "${name}"` };
  const argv = commandIn(spec, image);
  if (argv.length === 0) {
    return { ok: false, message: 'image-without-command: the image has no command of its own: give cmd or args' };
  }
  return {
    path: rootOf(directory),
    readOnly: false,
    mounts: onHostNetwork ? NETWORK_FILES.filter((path) => existsSync(path)).map(bindReadOnly) : [],
    user,
    environment: { PATH: PATH_DEFAULT, HOME: user.home, ...image.environment, ...spec.environment },
    sandbox: SANDBOX_INSIDE,
    directory: image.directory === '' ? SANDBOX_INSIDE : image.directory,
    argv,
  };
}

/** The directories of the container's own that its overlay needs; the first holds what it writes. */
export async function makeOverlayDirectories(directory: string): Promise<void> {
  for (const name of ['upper', 'work', 'root']) await mkdir(join(directory, name), { mode: 0o755 });
}

/** What the container wrote. */
export function writtenDirectory(directory: string): string {
  return join(directory, 'upper');
}

/** The command that starts the supervisor; the runtime's command follows. */
export function overlaySupervisor(
  image: StoredImage,
  layersDirectory: string,
  directory: string,
  exitDirectory: string,
): readonly string[] {
  // Relative and short: the kernel takes one page of options, and splits them at colons and commas.
  const own = relative(layersDirectory, directory);
  const options = [
    `lowerdir=${image.layers.join(':')}`,
    `upperdir=${join(own, 'upper')}`,
    `workdir=${join(own, 'work')}`,
  ].join(',');
  return [
    ...[
      'unshare',
      '--mount',
      '--propagation',
      'slave',
      '--',
      '/bin/sh',
      '-c',
      OVERLAY_SUPERVISOR,
      'stadion-supervisor',
    ],
    ...[exitDirectory, layersDirectory, options, rootOf(directory), complaintsOf(directory)],
  ];
}

/** Where the supervisor's mount leaves what it complains of. */
export function complaintsOf(directory: string): string {
  return join(directory, 'mount.log');
}

function rootOf(directory: string): string {
  return join(directory, 'root');
}

function bindReadOnly(path: string): RuntimeMount {
  return { destination: path, type: 'bind', source: path, options: ['bind', 'ro'] };
}

function commandIn({ command }: ContainerSpec, image: StoredImage): readonly string[] {
  if (command.kind === 'shell') return ['/bin/sh', '-c', command.text];
  if (command.kind === 'program') return [command.file, ...command.arguments];
  return [...image.entrypoint, ...(command.arguments.length > 0 ? command.arguments : image.command)];
}
