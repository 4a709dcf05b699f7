/** Seeds that have found something once: `npm test` runs them again, for ever. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Run } from './shapes.ts';

/** A run, and what it has found. */
export interface KeptSeed extends Run {
  readonly found: string;
}

const FILE = new URL('../kept-seeds.json', import.meta.url);

/** All of them, oldest first. */
export function keptSeeds(): readonly KeptSeed[] {
  return JSON.parse(readFileSync(FILE, 'utf8')) as KeptSeed[];
}

/** Keeps one more, unless it is kept already. */
export function keepSeed(run: Run, found: string): void {
  const kept = keptSeeds();
  const isKnown = kept.some(({ found: _found, ...known }) => JSON.stringify(known) === JSON.stringify(run));
  if (isKnown) return;
  writeFileSync(FILE, `${JSON.stringify([...kept, { ...run, found }], undefined, 2)}\n`);
}
