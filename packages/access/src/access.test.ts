import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { SystemRandom } from '@stadion/base/system';
import { expect, test, vi } from 'vitest';
import { silentLogger } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import {
  authorizationOf,
  decodeJoinToken,
  encodeJoinToken,
  followSecretFile,
  loadClusterSecret,
  Secret,
  showsSecret,
} from './index.ts';

test('a secret is seen by nobody who did not ask for it', () => {
  const secret = new Secret('a-very-secret-text');
  expect(`${secret.toString()} ${JSON.stringify({ secret })} ${inspect({ secret })}`).not.toContain('very');
  expect(secret.reveal()).toBe('a-very-secret-text');
});

test('the secret of a cluster is made once, and read by its owner only', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stadion-access-'));
  try {
    const path = join(folder, 'deep', 'secret');
    const made = await loadClusterSecret(path, new SystemRandom());
    expect((await loadClusterSecret(path, new SystemRandom())).reveal()).toBe(made.reveal());
    expect((await readFile(path, 'utf8')).trim()).toBe(made.reveal());
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    for (const bad of ['', 'short', 'has spaces in its middle', 'x'.repeat(2000)]) {
      await writeFile(path, bad);
      await expect(loadClusterSecret(path, new SystemRandom())).rejects.toMatchObject({ code: 'secret-unusable' });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a secret is changed by way of two that are taken, the first of which is shown', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stadion-access-'));
  const [old, next] = ['the-secret-of-yesterday', 'the-secret-of-tomorrow'];
  const path = join(folder, 'secret');
  await writeFile(path, `${old}\n`);
  const secret = await loadClusterSecret(path, new SystemRandom());
  const time = new VirtualTime();
  const following = await followSecretFile(path, secret, time, silentLogger);
  const taken = () => [old, next].map((text) => showsSecret(`Bearer ${text}`, secret));
  let changes = 0;
  secret.onChange(() => {
    changes += 1;
  });
  const become = async (text: string, count: number) => {
    await writeFile(path, text);
    await vi.waitFor(async () => {
      await time.advance(2_000);
      expect(changes).toBe(count);
    });
  };
  try {
    await become(`${old}\n${next}\n`, 1);
    expect([authorizationOf(secret), taken()]).toEqual([`Bearer ${old}`, [true, true]]);
    await become(`${next}\n${old}\n`, 2);
    expect([authorizationOf(secret), taken()]).toEqual([`Bearer ${next}`, [true, true]]);
    await become(next, 3);
    expect(taken()).toEqual([false, true]);
    expect(inspect(secret)).toBe('***');
    // What cannot be a secret, or too many of them, changes nothing.
    for (const bad of ['short', Array.from({ length: 4 }, () => old).join('\n')]) {
      await writeFile(path, bad);
      await time.advance(4_000);
      expect(taken()).toEqual([false, true]);
    }
    await become(`${old}\n`, 4);
  } finally {
    following.cancel();
    await rm(folder, { recursive: true });
  }
});

test('a request shows the secret as a bearer or as the password of anybody', () => {
  const secret = new Secret('a-very-secret-text');
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
  expect(showsSecret(authorizationOf(secret), secret)).toBe(true);
  expect(showsSecret(basic('anybody:a-very-secret-text'), secret)).toBe(true);
  for (const wrong of [undefined, '', 'Bearer', 'Bearer a-very-secret-tex', 'a-very-secret-text', basic('x:y')]) {
    expect(showsSecret(wrong, secret)).toBe(false);
  }
});

test('a join token says where the masters are; anything else is refused with what to do', () => {
  const token = {
    secret: new Secret('a-very-secret-text'),
    zk: 'zk://a:2181/x',
    masters: ['http://10.0.0.1:5050'],
    tls: true,
  };
  const read = decodeJoinToken(` ${encodeJoinToken(token)}\n`);
  expect({ ...read, secret: read.secret.reveal() }).toEqual({ ...token, secret: 'a-very-secret-text' });
  const wrongs = [
    '',
    'stadion1.',
    'stadion1.AAAA',
    `stadion1.${Buffer.from('{"s":"x","m":[]}').toString('base64url')}`,
  ];
  for (const wrong of wrongs) expect(() => decodeJoinToken(wrong)).toThrow(/not a join token/);
});
