/** `npm start`: installs and builds what is missing, then becomes the platform with the demo service on it. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare } from './prepare.mjs';
import { root } from './rooms.mjs';

if (!(await prepare(root))) {
  process.stderr.write('Stadion cannot start: see above what could not be installed or built.\n');
  process.exit(1);
}
const entry = join(root, 'packages/cli/bin/stadion.js');
// The platform runs in this very process: no second start of Node, and Ctrl-C reaches it by itself.
process.argv = [process.execPath, entry, 'up', '--demo', '--stop-tasks-on-exit', ...process.argv.slice(2)];
await import(pathToFileURL(entry).href);
