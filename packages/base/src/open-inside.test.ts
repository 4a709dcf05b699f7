import { lstat } from 'node:fs/promises';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCode } from './errors.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openInside } from './open-inside.ts';

let root: string;
let sandbox: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'stadion inside '));
  sandbox = join(root, 'sandbox');
  mkdirSync(join(sandbox, 'folder'), { recursive: true });
  mkdirSync(join(root, 'outside'));
  writeFileSync(join(sandbox, 'folder', 'file'), 'inside');
  writeFileSync(join(root, 'outside', 'file'), 'outside');
  symlinkSync(join(root, 'outside'), join(sandbox, 'link'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** Folder and link exchange their names. */
function exchange(): void {
  for (const [from, to] of [
    ['folder', 'aside'],
    ['link', 'folder'],
    ['aside', 'link'],
  ] as const) {
    renameSync(join(sandbox, from), join(sandbox, to));
  }
}

async function readFolderFile(): Promise<string> {
  try {
    const opened = await openInside(sandbox, ['folder', 'file']);
    if (opened === undefined) return 'refused';
    const text = await opened.file.readFile('utf8');
    await opened.file.close();
    return text;
  } catch (error) {
    return errorCode(error) ?? 'an error without a code';
  }
}

it('never gives a file from outside, whenever a folder is exchanged for a link', async () => {
  const seen = new Set<string>();
  for (let round = 0; round < 400; round += 1) {
    const reading = readFolderFile();
    // Each look takes about as long as one step of the reading.
    for (let step = 0; step < round % 8; step += 1) await lstat(root);
    exchange();
    seen.add(await reading);
  }
  expect(seen).toContain('inside');
  expect(seen).toContain('refused');
  expect(seen).not.toContain('outside');
});
