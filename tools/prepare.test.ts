import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isBuilt, isInstalled } from './prepare.mjs';

const BUILT_AT = new Date('2026-01-01T12:00:00Z');
const BEFORE = new Date('2026-01-01T11:00:00Z');
const AFTER = new Date('2026-01-01T13:00:00Z');

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'stadion prepare '));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function write(path: string, content: unknown = '', time = BEFORE): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  utimesSync(file, time, time);
  // A folder's own time counts too: it changes when a file comes or goes.
  utimesSync(dirname(file), time, time);
}

describe('whether everything is installed', () => {
  const locked = { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } };

  beforeEach(() => {
    write('node_modules/a/package.json', {});
  });

  it('compares what is wanted with what is there', () => {
    write('package-lock.json', { packages: { '': {}, ...locked } });
    write('node_modules/.package-lock.json', { packages: locked });
    expect(isInstalled(root)).toBe(true);
  });

  it('notices another version, a missing package and a missing folder', () => {
    const lock = (packages: object) => write('package-lock.json', { packages });
    write('node_modules/.package-lock.json', { packages: locked });
    lock({ 'node_modules/a': { version: '1.0.1', integrity: 'sha512-b' } });
    expect(isInstalled(root)).toBe(false);
    lock({ ...locked, 'node_modules/b': { version: '1.0.0' } });
    expect(isInstalled(root)).toBe(false);
    lock(locked);
    rmSync(join(root, 'node_modules/a'), { recursive: true });
    expect(isInstalled(root)).toBe(false);
  });

  it('does without the optional packages of other platforms', () => {
    write('package-lock.json', { packages: { ...locked, 'node_modules/b': { version: '1.0.0', optional: true } } });
    write('node_modules/.package-lock.json', { packages: locked });
    expect(isInstalled(root)).toBe(true);
  });

  it('is not in a fresh clone', () => {
    write('package-lock.json', { packages: locked });
    expect(isInstalled(root)).toBe(false);
  });
});

describe('whether everything is built', () => {
  beforeEach(() => {
    for (const name of ['package.json', 'tsconfig.json', 'tsconfig.base.json']) write(name);
    for (const name of ['package.json', 'tsconfig.json', 'src/core/a.ts', 'dist/.tsbuildinfo']) {
      write(`packages/base/${name}`);
    }
    utimesSync(join(root, 'packages/base/src'), BEFORE, BEFORE);
    write('node_modules/.stadion-built', '', BUILT_AT);
  });

  it('is when nothing changed since', () => {
    expect(isBuilt(root)).toBe(true);
  });

  it.each(['tsconfig.base.json', 'packages/base/package.json', 'packages/base/src/core/a.ts'])(
    'is not when %s changed',
    (path) => {
      write(path, 'changed', AFTER);
      expect(isBuilt(root)).toBe(false);
    },
  );

  it('is not when a source was removed', () => {
    rmSync(join(root, 'packages/base/src/core/a.ts'));
    expect(isBuilt(root)).toBe(false);
  });

  it('is not when the output was removed', () => {
    rmSync(join(root, 'packages/base/dist'), { recursive: true });
    expect(isBuilt(root)).toBe(false);
  });

  it('is not in a fresh clone', () => {
    rmSync(join(root, 'node_modules'), { recursive: true });
    expect(isBuilt(root)).toBe(false);
  });
});
