import { X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { silentLogger } from '@stadion/base';
import { SystemRandom, systemClock, systemTimers } from '@stadion/base/system';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AcmeServer } from '../../testing/acme-server.ts';
import { defaultDialectOptions } from '../../core/dialects/options.ts';
import { parseStaticFile } from '../../core/static-file.ts';
import { PlaneStage, type PlaneKind } from '../../testing/plane-stage.ts';
import { CertificateKeeper } from '../certificate-keeper.ts';
import { AcmeAuthority, type CertificateAuthority } from './acme-authority.ts';
import { CertificateOrders } from './certificate-orders.ts';
import { ChallengeBoard, type ChallengeKind } from './challenge-board.ts';
import { Attempts, wantedNames } from './wanted-certificates.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const planes: readonly PlaneKind[] = missing.includes('haproxy') ? ['embedded'] : ['embedded', 'haproxy'];
const ways = planes.flatMap((plane) =>
  // Records in DNS have nothing to do with the plane.
  (['http-01', 'tls-alpn-01', ...(plane === 'embedded' ? (['dns-01'] as const) : [])] as const).map(
    (kind) => [plane, kind] as const,
  ),
);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stadion-acme-test-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const wanting = (host: string, tls: object): ReturnType<typeof parseStaticFile> =>
  parseStaticFile(
    {
      http: {
        routers: { shop: { rule: `Host(\`${host}\`)`, service: 'shop', tls } },
        services: { shop: { loadBalancer: { servers: [{ url: 'http://127.0.0.1:1' }] } } },
      },
    },
    defaultDialectOptions,
  );

describe('certificates by ACME', () => {
  it.each(ways)(
    'are had through the %s plane by %s, shown at once, and renewed without a restart',
    async (plane, challenge: ChallengeKind) => {
      const stage = await PlaneStage.start(plane);
      const records = join(folder, 'records');
      const authority = await AcmeServer.start({
        http: () => stage.ports['http'] ?? 0,
        https: () => stage.ports['https'] ?? 0,
        txt: async (name) =>
          (await readFile(records, 'utf8'))
            .split('\n')
            .flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : [])),
      });
      const hook = join(folder, 'hook.sh');
      await writeFile(hook, `#!/bin/sh\n[ "$1" = present ] && echo "$2 $3" >> '${records}' || : > '${records}'\n`);
      await chmod(hook, 0o700);
      let nowMs = systemClock.now();
      const log = { ...silentLogger, error: (fields: object) => void stage.problems.push(JSON.stringify(fields)) };
      const clock = { now: () => nowMs, monotonic: () => systemClock.monotonic() };
      const common = { clock, timers: systemTimers, log };
      const random = new SystemRandom();
      const certificates = new CertificateKeeper({
        ...common,
        random,
        directory: join(folder, 'kept'),
        folders: [],
        plane: stage.plane,
      });
      const orders = new CertificateOrders({
        ...common,
        certificates,
        fragments: () => [wanting('a.test', { certResolver: 'any' })],
        authority: new AcmeAuthority(
          {
            directoryUrl: `${authority.url}/directory`,
            email: 'a@a.test',
            challenge,
            accountKeyPath: join(folder, 'account.pem'),
          },
          new ChallengeBoard(stage.plane, hook),
        ),
      });
      try {
        await certificates.start();
        await orders.look();
        expect(stage.problems).toEqual([]);
        expect(authority.validated).toEqual([`${challenge} a.test`]);
        const first = await shownFor(stage.ports['https'] ?? 0, 'a.test');
        expect([first.subjectAltName, first.issuer]).toEqual(['DNS:a.test', 'CN=Test authority']);
        await orders.look();
        expect(authority.validated.length).toBe(1);
        nowMs += 70 * 86_400_000;
        await orders.look();
        expect(authority.validated.length).toBe(2);
        const second = await shownFor(stage.ports['https'] ?? 0, 'a.test');
        expect(second.serialNumber).not.toBe(first.serialNumber);
      } finally {
        certificates.stop();
        await stage.stop();
        await authority.stop();
      }
    },
  );

  it('are asked for by the hosts of a rule or by the names that are listed, never for what is passed through', () => {
    expect(wantedNames([wanting('a.test', { certResolver: 'any' })])).toEqual([['a.test']]);
    expect(
      wantedNames([wanting('a.test', { domains: [{ main: 'b.test', sans: ['*.b.test'] }] })])
        .flat()
        .sort(),
    ).toEqual(['*.b.test', 'b.test']);
    expect(wantedNames([wanting('a.test', {})])).toEqual([]);
  });

  it('are not asked for again and again when the authority refuses', async () => {
    let asked = 0;
    let nowMs = 0;
    const authority: CertificateAuthority = {
      issue: () => {
        asked += 1;
        return Promise.reject(new Error('no'));
      },
    };
    const orders = new CertificateOrders({
      ...{ authority, fragments: () => [wanting('a.test', { certResolver: 'any' })] },
      certificates: { covers: () => false, addIssued: () => Promise.resolve() },
      ...{ clock: { now: () => nowMs, monotonic: () => nowMs }, timers: systemTimers, log: silentLogger },
    });
    for (let minute = 0; minute < 60; minute += 1) {
      nowMs = minute * 60_000;
      await orders.look();
    }
    expect(asked).toBe(3);
    const attempts = new Attempts();
    attempts.failed('a.test', 0);
    attempts.succeeded('a.test');
    expect(attempts.mayTry('a.test', 1)).toBe(true);
  });
});

function shownFor(port: number, servername: string): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw));
      socket.destroy();
    });
  });
}
