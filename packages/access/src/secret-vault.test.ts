import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemRandom, systemClock } from '@stadion/base/system';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from './secret.ts';
import { SecretVault, type SealedSecret, type SecretRecords } from './secret-vault.ts';
import { loadVaultKey } from './vault-key.ts';

const ports = { clock: systemClock, random: new SystemRandom() };
let folder: string;
let key: Secret;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stadion-vault-'));
  key = await loadVaultKey(join(folder, 'key'), ports.random);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function memory(kept = new Map<string, SealedSecret>()): SecretRecords & { kept: Map<string, SealedSecret> } {
  return {
    kept,
    load: async () => new Map(kept),
    put: async (path, record) => void kept.set(path, record),
    delete: async (path) => void kept.delete(path),
  };
}

describe('the vault', () => {
  it('gives back what was put in, also to the next one with the same key, and keeps no value in clear', async () => {
    const records = memory();
    const vault = await SecretVault.open(key, records, ports);
    await vault.set('team/db/password', new Secret('hunter2 ü'));
    const next = await SecretVault.open(key, records, ports);
    expect(next.reveal('team/db/password')?.reveal()).toBe('hunter2 ü');
    expect(JSON.stringify([...records.kept])).not.toContain('hunter2');
    expect(next.list()).toMatchObject([{ path: 'team/db/password' }]);
    expect(JSON.stringify(next.list())).not.toContain('hunter2');
    expect(await next.delete('team/db/password')).toBe(true);
    expect(next.reveal('team/db/password')).toBeUndefined();
  });

  it('opens nothing with another key, and nothing that was moved to another path', async () => {
    const records = memory();
    const vault = await SecretVault.open(key, records, ports);
    await vault.set('one', new Secret('value'));
    const other = await SecretVault.open(new Secret('ab'.repeat(32)), records, ports);
    expect(() => other.reveal('one')).toThrow(/cannot be opened/);
    const record = records.kept.get('one');
    if (record !== undefined) records.kept.set('two', record);
    const moved = await SecretVault.open(key, records, ports);
    expect(() => moved.reveal('two')).toThrow(/cannot be opened/);
  });

  it('takes no value while another key has sealed one, and says what to do', async () => {
    const records = memory();
    await (await SecretVault.open(key, records, ports)).set('one', new Secret('value'));
    const other = await SecretVault.open(new Secret('ab'.repeat(32)), records, ports);
    expect(other.unreadable).toEqual(['one']);
    const refused = other.set('two', new Secret('v'));
    await expect(refused).rejects.toMatchObject({ code: 'secrets-key-differs' });
    await expect(refused).rejects.toThrow(/\(one\).*--secrets-key-file/);
    await other.delete('one');
    await other.set('two', new Secret('v'));
    expect(other.reveal('two')?.reveal()).toBe('v');
  });

  it.each(['', '../x', '/x', 'a//b', 'a b', 'x'.repeat(300)])('refuses the path %j', async (path) => {
    const vault = await SecretVault.open(key, memory(), ports);
    await expect(vault.set(path, new Secret('v'))).rejects.toMatchObject({ code: 'secret-path-invalid' });
  });
});

describe('the key', () => {
  it('is made once, for its owner alone, and refused when others may read it', async () => {
    const path = join(folder, 'key');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await loadVaultKey(path, ports.random)).reveal()).toBe(key.reveal());
    const open = join(folder, 'open');
    await writeFile(open, await readFile(path), { mode: 0o644 });
    await expect(loadVaultKey(open, ports.random)).rejects.toMatchObject({ code: 'vault-key-unusable' });
  });
});
