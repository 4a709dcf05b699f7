/**
 * Check: the rules of eslint.config.js. After the real code, a canary is linted as if it stood in a core/: each of its
 * marked lines must be refused by the rule it names, or the configuration has lost that rule.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { isTest, projectFiles } from '../files.mjs';
import { root } from '../rooms.mjs';

const CANARY = 'tools/canaries/lint/core.ts';
const eslint = new ESLint({ cwd: root });

const files = projectFiles().filter((path) => /\.(ts|tsx|js|mjs)$/.test(path) && !path.startsWith('tools/canaries/'));
const results = await eslint.lintFiles([...files]);
const formatter = await eslint.loadFormatter('stylish');
process.stderr.write(await formatter.format(results));
// Last, since the linter goes on believing the text it was given.
const missed = await missedCanaryLines();
for (const line of missed) process.stderr.write(`${line}\n`);
const isClean = results.every(({ errorCount, warningCount }) => errorCount + warningCount === 0);
process.exitCode = isClean && missed.length === 0 ? 0 : 1;

/** Lines of the canary that no rule, or another rule than the named one, refused. */
async function missedCanaryLines() {
  // The text is linted under the name of a real file: rules that need types know only files of a project.
  const disguise = projectFiles().find((path) => path.includes('/src/core/') && path.endsWith('.ts') && !isTest(path));
  if (disguise === undefined) return [];
  const text = readFileSync(join(root, CANARY), 'utf8');
  const [result] = await eslint.lintText(text, { filePath: join(root, disguise) });
  const messages = result?.messages ?? [];
  return text.split('\n').flatMap((line, index) => {
    const rule = /[;{] \/\/ ([@a-z/-]+)$/.exec(line)?.[1];
    if (rule === undefined) return [];
    const isRefused = messages.some((message) => message.line === index + 1 && message.ruleId === rule);
    return isRefused ? [] : [`canary: ${CANARY}:${String(index + 1)} is not refused by ${rule}: ${line}`];
  });
}
