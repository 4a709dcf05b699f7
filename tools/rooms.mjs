/** The rooms of the house and the arrows between them: the one list that boundaries, tidy and the README's map follow. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's root folder. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/**
 * What each room may import, by package name without the scope. A room that is not listed may import nothing.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const allowedImports = {
  base: [],
  contract: ['base'],
  store: ['base', 'contract'],
  access: ['base', 'contract'],
  master: ['base', 'contract'],
  agent: ['base', 'contract'],
  orchestrator: ['base', 'contract', 'store'],
  dns: ['base', 'contract'],
  discovery: ['base'],
  edge: ['base', 'contract'],
  cli: ['base', 'contract', 'access'],
  console: ['base', 'contract'],
  simulator: ['base', 'contract', 'store', 'master', 'agent', 'orchestrator', 'dns', 'server'],
  server: ['base', 'contract', 'store', 'access', 'master', 'agent', 'orchestrator', 'dns', 'edge'],
};

/**
 * Rooms whose start script (`bin/`, no sources) may import more: `stadion up` is the whole platform and `stadion
 * discovery` reads ZooKeeper, and the rest of the command line knows nothing of either.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const allowedBinImports = {
  cli: ['server', 'discovery'],
};

/**
 * Rooms that compose what really runs: they alone pick the system's clock, timers and randomness, and the adapters. The
 * discovery library is one: it runs in other people's programs, which do not know our ports.
 */
export const compositionRoots = ['cli', 'console', 'server', 'discovery'];

/**
 * The packages that exist, by folder name.
 * @param {string} checkout
 */
export function rooms(checkout = root) {
  return readdirSync(join(checkout, 'packages'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
