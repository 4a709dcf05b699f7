/** Check: the house rules that no ready-made tool knows. The rules are in `tidy/`, one idea a file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFiles } from '../files.mjs';
import { root } from '../rooms.mjs';
import { fileSizeProblems } from './tidy/file-size.mjs';
import { manifestProblems } from './tidy/manifests.mjs';
import { roomProblems } from './tidy/room-shape.mjs';
import { wordingProblems } from './tidy/wording.mjs';

const TEXT = /\.(ts|tsx|js|mjs|json|md|ya?ml|css|html|sh|c|h)$|(^|\/)(run|LICENSE|\.[a-z]+rc|\.gitignore)$/;

const files = projectFiles()
  .filter((path) => TEXT.test(path) && !path.startsWith('tools/canaries/') && path !== 'package-lock.json')
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
const problems = [
  ...fileSizeProblems(files),
  ...wordingProblems(files),
  ...roomProblems(files),
  ...manifestProblems(files),
];
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
