/**
 * Brings a checkout into the state in which it can run: dependencies installed, sources built. Both questions are
 * answered in milliseconds, without starting npm or the compiler, so that a warm start costs nothing.
 */
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildConsole, isConsoleBuilt } from './build-console.mjs';
import { isOlder, isTreeOlder, modifiedAt } from './file-times.mjs';
import { rooms } from './rooms.mjs';
import { run, step } from './steps.mjs';

/** Touched after each successful build; lies in node_modules so that a new install forgets it. */
const BUILD_STAMP = 'node_modules/.stadion-built';

/**
 * One installed package as npm's lock files describe it.
 * @typedef {{ version?: string, integrity?: string, resolved?: string, link?: boolean, optional?: boolean, devOptional?: boolean }} LockedPackage
 */

/**
 * Installs and builds what is missing or outdated, with progress on standard output.
 * @param {string} root the checkout
 * @returns {Promise<boolean>} whether everything is there now; what went wrong has been printed
 */
export async function prepare(root) {
  if (!isInstalled(root) && !(await step('install (npm ci)', () => run(npm(['ci']), { cwd: root })))) return false;
  return isBuilt(root) || build(root);
}

/**
 * Compiles every package, whether or not it seems needed; the compiler skips what is up to date.
 * @param {string} root the checkout
 * @returns {Promise<boolean>} whether it compiled without errors
 */
export async function build(root) {
  const startedAt = new Date();
  const built = await step('build and types (tsc -b)', () =>
    run([process.execPath, join(root, 'node_modules/typescript-native/bin/tsc'), '-b'], { cwd: root }),
  );
  if (!built) return false;
  const stamp = join(root, BUILD_STAMP);
  writeFileSync(stamp, 'The time of this file is when the last successful build began.\n');
  utimesSync(stamp, startedAt, startedAt);
  return isConsoleBuilt(root) || buildConsole(root);
}

/**
 * Whether node_modules holds what package-lock.json names. Compares the lock file with the one that npm leaves in
 * node_modules, by content: file times change with every checkout.
 * @param {string} root the checkout
 */
export function isInstalled(root) {
  const wanted = readLock(join(root, 'package-lock.json'));
  const present = readLock(join(root, 'node_modules/.package-lock.json'));
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, locked]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true;
    const installed = present[path];
    // Optional packages are those of other platforms.
    if (installed === undefined) return locked.optional === true || locked.devOptional === true;
    const isSame = locked.link === true ? installed.link === true : installed.version === locked.version;
    return isSame && installed.integrity === locked.integrity && existsSync(join(root, path));
  });
}

/**
 * Whether no source or configuration file changed since the last successful build.
 * @param {string} root the checkout
 */
export function isBuilt(root) {
  const builtAt = modifiedAt(join(root, BUILD_STAMP));
  if (builtAt === undefined) return false;
  const configurations = ['package.json', 'tsconfig.json', 'tsconfig.base.json'].map((name) => join(root, name));
  const packages = rooms(root).map((room) => join(root, 'packages', room));
  return (
    isConsoleBuilt(root) &&
    configurations.every((path) => isOlder(path, builtAt)) &&
    packages.every(
      (folder) =>
        existsSync(join(folder, 'dist/.tsbuildinfo')) &&
        isOlder(join(folder, 'package.json'), builtAt) &&
        isOlder(join(folder, 'tsconfig.json'), builtAt) &&
        isTreeOlder(join(folder, 'src'), builtAt),
    )
  );
}

/**
 * The npm that runs this script, else the one on PATH.
 * @param {readonly string[]} args
 */
function npm(args) {
  const running = process.env.npm_execpath;
  return running?.endsWith('npm-cli.js') === true ? [process.execPath, running, ...args] : ['npm', ...args];
}

/**
 * @param {string} path
 * @returns {Readonly<Record<string, LockedPackage>> | undefined} undefined when there is none that can be read
 */
function readLock(path) {
  try {
    return /** @type {{ packages?: Record<string, LockedPackage> }} */ (JSON.parse(readFileSync(path, 'utf8')))
      .packages;
  } catch {
    return undefined;
  }
}
