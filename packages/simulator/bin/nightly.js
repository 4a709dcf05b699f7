#!/usr/bin/env node
// `npm run simulate:nightly`: runs the built simulator on many seeds, or says what is missing.
import { existsSync } from 'node:fs';

const program = new URL('../dist/nightly/main.js', import.meta.url);
if (!existsSync(program)) {
  process.stderr.write('error: the simulator is not built yet. At the repository root, run: npm ci && npm run build\n');
  process.exit(1);
}
await import(program.href);
