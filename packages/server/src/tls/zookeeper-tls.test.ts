import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterAuthority, Secret } from '@stadion/access';
import { silentLogger, type Clock, type Timers } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { openZooKeeperStore, type SharedStore } from '@stadion/store';
import { ZooKeeperEnsemble, hasZooKeeper, storeConformance } from '@stadion/store/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { zooKeeperTls } from './zookeeper-tls.ts';

const realTime: Clock & Timers = { ...systemClock, ...systemTimers };
/** Eight times as fast, for what is given up only after a while. */
const fastTime: Clock & Timers = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * 8,
  after: (delayMs, callback) => systemTimers.after(delayMs / 8, callback),
};
const HOUR_MS = 3_600_000;
const hasNetty = existsSync('/usr/share/java/netty-codec.jar');

describe.skipIf(!hasZooKeeper() || !hasNetty)('ZooKeeper that is spoken to by TLS', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'stadion zk tls '));
  const file = (name: string): string => join(folder, name);
  const files = { zkTlsCa: file('ca'), zkTlsCert: file('crt'), zkTlsKey: file('key') };
  let ensemble: ZooKeeperEnsemble;
  let theirs: ClusterAuthority;
  let folders = 0;

  /** Puts a certificate of an authority where the store reads it. */
  async function show(authority: ClusterAuthority): Promise<void> {
    const wish = { names: ['127.0.0.1'], nowMs: systemClock.now(), lifetimeMs: HOUR_MS };
    const { certificate, key } = await authority.issue(wish);
    writeFileSync(files.zkTlsCert, certificate);
    writeFileSync(files.zkTlsKey, key);
  }

  beforeAll(async () => {
    theirs = await ClusterAuthority.of(new Secret('the authority of the ensemble'));
    const wish = { names: ['127.0.0.1'], nowMs: systemClock.now(), lifetimeMs: HOUR_MS };
    const { certificate, key } = await theirs.issue(wish);
    writeFileSync(file('server.pem'), `${key}\n${certificate}`);
    writeFileSync(files.zkTlsCa, theirs.certificate);
    await show(theirs);
    ensemble = await ZooKeeperEnsemble.start({
      servers: 1,
      tls: { keyStore: file('server.pem'), authority: files.zkTlsCa },
    });
  }, 90_000);

  afterAll(async () => {
    await ensemble.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function newUrl(): string {
    folders += 1;
    return `zks://${ensemble.secureConnectString}/folder-${String(folders)}`;
  }

  function open(zk: string, given: Partial<typeof files> = files, time = realTime): Promise<SharedStore> {
    const tls = zooKeeperTls({ zk, ...given });
    return openZooKeeperStore({ url: zk, tls, clock: time, timers: time, log: silentLogger });
  }

  for (const claim of storeConformance) {
    test(claim.name, async () => {
      const url = newUrl();
      await claim.check({ open: () => open(url) });
    });
  }

  test('takes nobody without a certificate of its authority, and is not believed without one: the reason is told', async () => {
    const stranger = await ClusterAuthority.of(new Secret('somebody else'));
    writeFileSync(file('other-ca'), stranger.certificate);
    await Promise.all([
      expect(open(newUrl(), { ...files, zkTlsCa: file('other-ca') }, fastTime)).rejects.toMatchObject({
        code: 'store-unreachable',
        message: expect.stringContaining('certificate') as string,
      }),
      expect(open(newUrl(), { zkTlsCa: files.zkTlsCa }, fastTime)).rejects.toMatchObject({ code: 'store-unreachable' }),
    ]);
  });

  test('goes on after its server was started again, with a certificate that was changed meanwhile', async () => {
    const store = await open(newUrl());
    const { epoch } = await store.campaign('{}');
    await store.commit([{ type: 'put', key: '/a', value: 1 }], epoch);
    await ensemble.signal(0, 'SIGKILL');
    await show(theirs);
    ensemble.launch(0);
    await store.commit([{ type: 'put', key: '/a', value: 2 }], epoch);
    expect(await store.get('/a')).toMatchObject({ value: 2 });
    await store.close();
  });
});

test.each([
  [{ zk: 'zk://a/x', zkTlsCa: '/ca' }, 'do nothing without'],
  [{ zkTlsKey: '/key' }, 'do nothing without'],
  [{ zk: 'zks://a/x', zkTlsCert: '/crt' }, 'go together'],
  [{ zk: 'zks://a/x', zkTlsCa: '/is/not/there' }, 'cannot be read'],
])('refuses %j', (settings, why) => {
  expect(() => zooKeeperTls(settings)).toThrow(why);
});
