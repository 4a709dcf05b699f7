/** Keeps what was changed by hand in a file, so that it stands over starts. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { OverrideState } from './core/overrides.ts';
import { noOverrides } from './core/overrides.ts';

/** Loads from and saves to a file; one that is missing or cannot be read says nothing. */
export function fileOverrides(path: string): {
  readonly load: () => Promise<OverrideState>;
  readonly save: (state: OverrideState) => Promise<void>;
} {
  return {
    async load() {
      try {
        return readState(JSON.parse(await readFile(path, 'utf8')));
      } catch {
        return noOverrides;
      }
    },
    async save(state) {
      await writeFile(`${path}.new`, `${JSON.stringify(state, undefined, 2)}\n`);
      await rename(`${path}.new`, path);
    },
  };
}

function readState(value: unknown): OverrideState {
  if (typeof value !== 'object' || value === null) return noOverrides;
  const { drained, shares } = value as Partial<Record<keyof OverrideState, unknown>>;
  const list = Array.isArray(drained) ? drained.filter((one): one is string => typeof one === 'string') : [];
  const entries = typeof shares === 'object' && shares !== null ? Object.entries(shares) : [];
  return {
    drained: list,
    shares: Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number')),
  };
}
