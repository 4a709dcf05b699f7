/** The files of the checkout, as git would see them: what is tracked, or new and not ignored. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './rooms.mjs';

const UNTRACKED = new Set(['node_modules', 'dist', '.git', '.stadion', 'coverage']);

/**
 * Paths relative to the root, sorted. Without git (a source archive) every file outside the usual build folders counts.
 * @returns {readonly string[]}
 */
export function projectFiles() {
  if (!existsSync(join(root, '.git'))) return filesBelow('').sort();
  const args = ['-c', `safe.directory=${root}`, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return [...new Set(listed.split('\0'))].filter((path) => path !== '' && existsSync(join(root, path))).sort();
}

/**
 * @param {string} path
 * @returns {boolean}
 */
export function isTest(path) {
  return /\.test\.tsx?$/.test(path) || path.includes('/testing/');
}

/**
 * @param {string} folder relative to the root, empty for the root
 * @returns {string[]}
 */
function filesBelow(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return UNTRACKED.has(entry.name) ? [] : filesBelow(path);
    return [path];
  });
}
