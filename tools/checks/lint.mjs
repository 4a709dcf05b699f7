/**
 * Check: strict types by .oxlintrc.json, the house's own rules by eslint.config.js. Both are also given canaries: each of
 * their marked lines must be refused by the rule it names, or the configuration has lost that rule.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { ESLint } from 'eslint';
import { isTest, projectFiles } from '../files.mjs';
import { root } from '../rooms.mjs';

/** @typedef {{ readonly path: string, readonly line: number, readonly rule: string, readonly message: string }} Finding */

/** Each canary, and the real files under whose names the house's rules are tried on it. */
const CANARIES = [
  { canary: 'tools/canaries/lint/core.ts', disguises: /\/src\/core\/.*\.ts$/ },
  { canary: 'tools/canaries/lint/page.tsx', disguises: /\/src\/pages\/.*\.tsx$/ },
];
const files = projectFiles().filter((path) => /\.(ts|tsx|js|mjs)$/.test(path) && !path.startsWith('tools/canaries/'));

const [byTypes, byHouse] = await Promise.all([findingsByTypes(), findingsByHouse()]);
const found = [...byTypes, ...byHouse];
const isCanary = new Set(CANARIES.map(({ canary }) => canary));
const complaints = found
  .filter(({ path }) => !isCanary.has(path))
  .map(({ path, line, rule, message }) => `${path}:${String(line)} ${message} (${rule})`);
const missed = CANARIES.flatMap(({ canary }) =>
  missedLines(
    canary,
    found.filter(({ path }) => path === canary),
  ),
);
for (const line of [...complaints, ...missed]) process.stderr.write(`${line}\n`);
process.exitCode = complaints.length + missed.length === 0 ? 0 : 1;

/**
 * What the rules that know types find, in canaries too.
 * @returns {Promise<Finding[]>}
 */
async function findingsByTypes() {
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
  const paths = [...files, ...CANARIES.map(({ canary }) => canary)];
  const child = spawn(process.execPath, [oxlint, '--format=json', ...paths], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = await textOf(child.stdout);
  if (!output.startsWith('{')) throw new Error(`The linter did not run:\n${output}`);
  /** @type {{ diagnostics: { filename: string, code: string, message: string, help?: string, labels: { span: { line: number } }[] }[] }} */
  const { diagnostics } = JSON.parse(output);
  return diagnostics.map(({ filename, code, message, help, labels }) => ({
    path: filename,
    line: labels[0]?.span.line ?? 1,
    rule: code.replace(/^[a-z-]+\((.*)\)$/, '$1'),
    message: help === undefined ? message : `${message} ${help}`,
  }));
}

/**
 * What the house's own rules find, in canaries too, as if these stood in a core/ and in a page of the console.
 * @returns {Promise<Finding[]>}
 */
async function findingsByHouse() {
  const eslint = new ESLint({ cwd: root });
  const results = await eslint.lintFiles([...files]);
  const inFiles = results.flatMap(({ filePath, messages }) => toFindings(filePath.slice(root.length + 1), messages));
  const inCanaries = CANARIES.map(async ({ canary, disguises }) => {
    const disguise = projectFiles().find((path) => disguises.test(path) && !isTest(path));
    if (disguise === undefined) return [];
    const text = readFileSync(join(root, canary), 'utf8');
    const [result] = await eslint.lintText(text, { filePath: join(root, disguise) });
    return toFindings(canary, result?.messages ?? []);
  });
  return [...inFiles, ...(await Promise.all(inCanaries)).flat()];
}

/**
 * @param {string} path
 * @param {readonly import('eslint').Linter.LintMessage[]} messages
 * @returns {Finding[]}
 */
function toFindings(path, messages) {
  return messages.map(({ line, ruleId, message }) => ({ path, line, rule: ruleId ?? 'syntax', message }));
}

/**
 * Lines of a canary that no rule, or another rule than the named one, refused.
 * @param {string} canary
 * @param {readonly Finding[]} refused
 */
function missedLines(canary, refused) {
  return readFileSync(join(root, canary), 'utf8')
    .split('\n')
    .flatMap((text, index) => {
      const named = /[;{] \/\/ ([a-z/-]+)$/.exec(text)?.[1];
      if (named === undefined) return [];
      const isRefused = refused.some(({ line, rule }) => line === index + 1 && rule === named);
      return isRefused ? [] : [`canary: ${canary}:${String(index + 1)} is not refused by ${named}: ${text}`];
    });
}
