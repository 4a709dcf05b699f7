/** Apps that tests run: small ones, with checks so frequent that nothing is waited for. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');

/** Writes a line every 50 ms, so that one can see that it lives. */
export const TICKING = 'i=0; while true; do i=$((i+1)); echo "tick $i"; sleep 0.05; done';

/** An app of one line of shell. */
export function shellApp(id: string, cmd: string, changes: object = {}): Record<string, unknown> {
  return { id, cmd, cpus: 0.01, mem: 16, portDefinitions: [], ...changes };
}

/** The demo service by its descriptor, as `--demo` deploys it. */
export function demoApp(id: string, changes: object = {}): Record<string, unknown> {
  const app = JSON.parse(readFileSync(join(EXAMPLES, 'demo-app.json'), 'utf8'));
  return {
    ...app,
    id,
    cpus: 0.05,
    mem: 64,
    env: { ...app.env, DEMO_SERVICE: join(EXAMPLES, 'demo-service') },
    ...changes,
  };
}
