/**
 * Check: no shape is declared twice. Looks at all production sources, and first at a canary with a known pair, which
 * must be found. Pairs that are two ideas are listed with the reason in look-alikes.mjs; a stale entry there fails too.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTest, projectFiles } from '../files.mjs';
import { root } from '../rooms.mjs';
import { allowedLookAlikes } from './look-alikes.mjs';
import { lookAlikes, shapesIn } from './shapes.mjs';

const CANARY = 'tools/canaries/shapes/declared-twice.ts';
const sources = projectFiles().filter((path) => /^packages\/[^/]+\/src\/.*\.tsx?$/.test(path) && !isTest(path));

/** @type {string[]} */
const problems = [];
if (lookAlikes(shapesOf([CANARY])).length !== 1) {
  problems.push(`canary: ${CANARY} declares a shape twice, and nobody noticed. Mend tools/checks/shapes.mjs.`);
}
const found = lookAlikes(shapesOf(sources));
for (const { left, right, overlap } of found.filter(
  (pair) => !allowedLookAlikes.some((allowed) => allows(allowed, pair)),
)) {
  const share =
    overlap === 1 ? 'the same members' : `${String(Math.round(overlap * 100))} % of their members in common`;
  problems.push(
    `${place(left)} and\n${place(right)} have ${share}: ${left.members.join(', ')}\n` +
      `    allowed if it says why: ['${key(left)}', '${key(right)}']`,
  );
}
for (const { shapes } of allowedLookAlikes.filter((allowed) => !found.some((pair) => allows(allowed, pair)))) {
  problems.push(`tools/checks/look-alikes.mjs: ${shapes.join(' and ')} are no longer alike: remove the entry.`);
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** @param {readonly string[]} paths */
function shapesOf(paths) {
  return paths.flatMap((path) => shapesIn(path, readFileSync(join(root, path), 'utf8')));
}

/**
 * @param {import('./look-alikes.mjs').AllowedLookAlike} allowed
 * @param {import('./shapes.mjs').LookAlike} pair
 */
function allows({ shapes }, { left, right }) {
  return shapes.includes(key(left)) && shapes.includes(key(right));
}

/** @param {import('./shapes.mjs').Shape} shape */
function key({ file, name }) {
  return `${file} ${name}`;
}

/** @param {import('./shapes.mjs').Shape} shape */
function place({ file, line, name }) {
  return `${file}:${String(line)} ${name}`;
}
