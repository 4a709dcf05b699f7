/**
 * Check: the rules of eslint.config.js. After the real code, canaries are linted as if they stood in a core/ and in a page
 * of the console: each of their marked lines must be refused by the rule it names, or the configuration has lost that rule.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { isTest, projectFiles } from '../files.mjs';
import { root } from '../rooms.mjs';

/** Each canary, and the real files under whose names it may be linted: rules that need types know only files of a project. */
const CANARIES = [
  { canary: 'tools/canaries/lint/core.ts', disguises: /\/src\/core\/.*\.ts$/ },
  { canary: 'tools/canaries/lint/page.tsx', disguises: /\/src\/pages\/.*\.tsx$/ },
];
const eslint = new ESLint({ cwd: root });

const files = projectFiles().filter((path) => /\.(ts|tsx|js|mjs)$/.test(path) && !path.startsWith('tools/canaries/'));
const results = await eslint.lintFiles([...files]);
const formatter = await eslint.loadFormatter('stylish');
process.stderr.write(await formatter.format(results));
// Last, since the linter goes on believing the text it was given.
const missed = (await Promise.all(CANARIES.map(missedLines))).flat();
for (const line of missed) process.stderr.write(`${line}\n`);
const isClean = results.every(({ errorCount, warningCount }) => errorCount + warningCount === 0);
process.exitCode = isClean && missed.length === 0 ? 0 : 1;

/**
 * Lines of a canary that no rule, or another rule than the named one, refused.
 * @param {{ readonly canary: string, readonly disguises: RegExp }} options
 */
async function missedLines({ canary, disguises }) {
  const disguise = projectFiles().find((path) => disguises.test(path) && !isTest(path));
  if (disguise === undefined) return [];
  const text = readFileSync(join(root, canary), 'utf8');
  const [result] = await eslint.lintText(text, { filePath: join(root, disguise) });
  const messages = result?.messages ?? [];
  return text.split('\n').flatMap((line, index) => {
    const rule = /[;{] \/\/ ([@a-z/-]+)$/.exec(line)?.[1];
    if (rule === undefined) return [];
    const isRefused = messages.some((message) => message.line === index + 1 && message.ruleId === rule);
    return isRefused ? [] : [`canary: ${canary}:${String(index + 1)} is not refused by ${rule}: ${line}`];
  });
}
