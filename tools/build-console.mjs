/** Builds the web console into static files, unless nothing that goes into them changed. */
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isOlder, isTreeOlder, modifiedAt } from './file-times.mjs';
import { run, step } from './steps.mjs';

/** Touched after each successful build. */
const STAMP = 'packages/console/dist/.site-built';
/** What the files are made from: folders and single files. */
const SOURCES = ['packages/console/src', 'packages/contract/src', 'packages/base/src'];
const CONFIGURATIONS = [
  'package-lock.json',
  ...['package.json', 'index.html', 'vite.config.ts'].map((name) => `packages/console/${name}`),
];

/**
 * @param {string} root the checkout
 * @returns {boolean} whether the files are there and as new as their sources; true where there is no console
 */
export function isConsoleBuilt(root) {
  if (!existsSync(join(root, 'packages/console'))) return true;
  const builtAt = modifiedAt(join(root, STAMP));
  return (
    builtAt !== undefined &&
    existsSync(join(root, 'packages/console/dist/site/index.html')) &&
    SOURCES.every((folder) => isTreeOlder(join(root, folder), builtAt)) &&
    CONFIGURATIONS.every((path) => isOlder(join(root, path), builtAt))
  );
}

/**
 * @param {string} root the checkout, whose packages are compiled
 * @returns {Promise<boolean>} whether it was built without errors
 */
export async function buildConsole(root) {
  const startedAt = new Date();
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const built = await step('web console (vite)', () =>
    run([process.execPath, vite, 'build', '--logLevel', 'warn'], { cwd: join(root, 'packages/console') }),
  );
  if (!built) return false;
  const stamp = join(root, STAMP);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, 'The time of this file is when the last successful build began.\n');
  utimesSync(stamp, startedAt, startedAt);
  return true;
}
