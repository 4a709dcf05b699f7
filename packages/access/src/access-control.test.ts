import { createHash, generateKeyPairSync, scryptSync } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededRandom, silentLogger } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AccessControl } from './access-control.ts';
import { isPermitted, type Identity } from './core/permission.ts';
import { hashPassword } from './password.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

let folder: string;
let path: string;
let time: VirtualTime;
let opened: AccessControl[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stadion-access-'));
  path = join(folder, 'access.json');
  time = new VirtualTime();
  opened = [];
});

afterEach(async () => {
  for (const access of opened) access.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(file: object): Promise<AccessControl> {
  await writeFile(path, JSON.stringify(file), { mode: 0o600 });
  const access = await AccessControl.open(path, time, silentLogger);
  opened.push(access);
  return access;
}

function may(identity: Identity | undefined, permission: Parameters<typeof isPermitted>[1], path = '/'): boolean {
  return identity !== undefined && isPermitted(identity, permission, [path]);
}

describe('who is known', () => {
  it('by a password, and by nothing like it', async () => {
    const access = await open({
      users: [
        {
          name: 'ada',
          password: await hashPassword('lovelace!', new SeededRandom(1)),
          grants: ['*:read', 'apps:write /team-a'],
        },
      ],
    });
    const ada = await access.identify(basic('ada:lovelace!'));
    expect(ada?.name).toBe('ada');
    expect(may(ada, 'apps:read')).toBe(true);
    expect(may(ada, 'apps:write')).toBe(false);
    expect(may(ada, 'apps:write', '/team-a/web')).toBe(true);
    expect(may(ada, 'apps:write', '/team-ab')).toBe(false);
    for (const wrong of ['ada:lovelace', 'ada:', 'ada', 'bob:lovelace!', ':lovelace!']) {
      expect(await access.identify(basic(wrong))).toBeUndefined();
    }
    expect(await access.identify(undefined)).toBeUndefined();
    expect(await access.identify('Bearer lovelace!')).toBeUndefined();
  });

  it('by a token, in every way that clients show one, until it expires', async () => {
    const expires = new Date(time.now() + 60_000).toISOString();
    const access = await open({ tokens: [{ name: 'ci', sha256: sha256('t0ken'), grants: ['apps:*'], expires }] });
    for (const shown of ['Bearer t0ken', 'bearer t0ken', 'token=t0ken', basic('anybody:t0ken')]) {
      expect(await access.identify(shown)).toMatchObject({ name: 'ci' });
    }
    expect(await access.identify('Bearer t0ke')).toBeUndefined();
    await time.advance(60_000);
    expect(await access.identify('Bearer t0ken')).toBeUndefined();
  });

  it('by a signature of an issuer that is believed, for its audience and time only', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await writeFile(join(folder, 'idp.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    const access = await open({
      jwt: [
        {
          issuer: 'https://idp.example',
          audience: 'stadion',
          keyFile: 'idp.pem',
          grants: ['apps:read'],
          grantsClaim: 'stadion',
        },
      ],
    });
    const sign = (change: (jwt: SignJWT) => SignJWT, claims: object = {}, key = privateKey): Promise<string> =>
      change(
        new SignJWT({ sub: 'grace', ...claims })
          .setProtectedHeader({ alg: 'ES256' })
          .setIssuer('https://idp.example')
          .setAudience('stadion')
          .setExpirationTime(Math.floor(time.now() / 1000) + 60),
      ).sign(key);
    const good = await sign((jwt) => jwt, { stadion: ['apps:write /x', 'something else entirely'] });
    const grace = await access.identify(`Bearer ${good}`);
    expect(grace?.name).toBe('grace');
    expect([may(grace, 'apps:read'), may(grace, 'apps:write', '/x/y'), may(grace, 'apps:write')]).toEqual([
      true,
      true,
      false,
    ]);
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const bad = [
      await sign((jwt) => jwt.setIssuer('https://other.example')),
      await sign((jwt) => jwt.setAudience('elsewhere')),
      await sign((jwt) => jwt, {}, stranger),
      await sign((jwt) => jwt, { sub: '' }),
      `${good.split('.').slice(0, 2).join('.')}.`,
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${good.split('.')[1] ?? ''}.`,
      // The public key as if it were a shared secret: the oldest trick.
      await new SignJWT({ sub: 'mallory' })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer('https://idp.example')
        .setAudience('stadion')
        .setExpirationTime('1h')
        .sign(Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))),
    ];
    for (const token of bad) expect(await access.identify(`Bearer ${token}`)).toBeUndefined();
    await time.advance(61_000);
    expect(await access.identify(`Bearer ${good}`)).toBeUndefined();
  });
});

describe('the file', () => {
  it('is read again when it changes, and a broken one changes nothing', async () => {
    const access = await open({ tokens: [{ name: 'one', sha256: sha256('first'), grants: ['*'] }] });
    await writeFile(path, '{ broken');
    await time.advance(2_000);
    expect(await access.identify('Bearer first')).toMatchObject({ name: 'one' });
    await writeFile(path, JSON.stringify({ tokens: [{ name: 'two', sha256: sha256('second'), grants: ['*'] }] }));
    await vi.waitFor(async () => {
      await time.advance(2_000);
      expect(await access.identify('Bearer second')).toMatchObject({ name: 'two' });
    });
    expect(await access.identify('Bearer first')).toBeUndefined();
  });

  it('takes grants away at once, also from somebody whose password is being tried when it changes', async () => {
    const salt = Buffer.alloc(16, 1);
    const key = scryptSync('lovelace!', salt, 32, { N: 2 ** 16, r: 8, p: 4, maxmem: 256 * 1024 * 1024 });
    const password = `scrypt$16$8$4$${salt.toString('base64url')}$${key.toString('base64url')}`;
    const marker = { name: 'marker', sha256: sha256('marker'), grants: ['apps:read'] };
    const access = await open({ users: [{ name: 'ada', password, grants: ['apps:write'] }] });
    const before = access.identify(basic('ada:lovelace!'));
    await writeFile(path, JSON.stringify({ users: [{ name: 'ada', password, grants: [] }], tokens: [marker] }));
    await vi.waitFor(async () => {
      await time.advance(2_000);
      expect(await access.identify('Bearer marker')).toBeDefined();
    });
    expect((await before)?.name).toBe('ada');
    expect(may(await access.identify(basic('ada:lovelace!')), 'apps:write')).toBe(false);
  });

  it.each<[object, RegExp]>([
    [{ users: [{ name: 'ada', password: 'plain', grants: [] }] }, /stadion access password/],
    [{ tokens: [{ name: 'ci', sha256: 'x', grants: [] }] }, /tokens\/0\/sha256/],
    [{ tokens: [{ name: 'ci', sha256: sha256('x'), grants: ['apps:destroy'] }] }, /is no permission; there are/],
    [{ tokens: [{ name: 'ci', sha256: sha256('x'), grants: ['apps:read team'] }] }, /write \/team-a/],
    [{ tokens: [{ name: 'ci', sha256: sha256('x'), grants: [], expires: 'soon' }] }, /expires at no time/],
    [{ jwt: [{ issuer: 'i', keyFile: 'missing.pem' }] }, /ENOENT|no such file/],
    [{ people: [] }, /people/],
  ])('%j is refused with a reason', async (file, reason) => {
    await expect(open(file)).rejects.toMatchObject({
      code: 'access-file-unusable',
      message: expect.stringMatching(reason) as string,
    });
  });

  it('that others may write to is not believed', async () => {
    await writeFile(path, '{}', { mode: 0o600 });
    await chmod(path, 0o666);
    await expect(AccessControl.open(path, time, silentLogger)).rejects.toThrow(/chmod go-w/);
  });
});
