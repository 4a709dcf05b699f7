/** When files last changed: what tells whether something must be built again. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Files and folders: a folder's time changes when a file is added or removed.
 * @param {string} folder
 * @param {number} time
 * @returns {boolean}
 */
export function isTreeOlder(folder, time) {
  if (!isOlder(folder, time)) return false;
  return readdirSync(folder, { withFileTypes: true }).every((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? isTreeOlder(path, time) : isOlder(path, time);
  });
}

/**
 * @param {string} path
 * @param {number} time milliseconds since the Unix epoch
 * @returns {boolean} false also when there is no such file
 */
export function isOlder(path, time) {
  const at = modifiedAt(path);
  return at !== undefined && at < time;
}

/**
 * @param {string} path
 * @returns {number | undefined} milliseconds since the Unix epoch
 */
export function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
