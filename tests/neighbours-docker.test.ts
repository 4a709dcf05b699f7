/**
 * Neighbours from hell in Docker containers, one after the other beside a well-behaved service in another one.
 * `npm run test:neighbours` measures longer.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tarOf, type DockerDaemon } from '@stadion/agent/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dockerApp, hasDocker, startDockerPlatform } from './support/docker-platform.ts';
import { compareLatency, measureLatency } from './support/latency.ts';
import { waitFor, type RunningPlatform } from './support/running-platform.ts';

const isFull = process.env['STADION_HELL'] === 'full';
const MEASURED_MS = isFull ? 20_000 : 500;
/** What a request may take at the 99th percentile, at the most: this machine may have other work, too. */
const LATENCY_MS_MAX = 1000;
const LIMIT_MS = 120_000;

/** A .tar file whose entry leads out of where it is unpacked; the fetcher meets it. */
const EVIL = join(tmpdir(), `stadion-evil-docker-${process.pid}.tar`);

/** What each does; one that is ended for it says so. `$TARGET` is the port of the good one. */
const OFFENDERS: Readonly<Record<string, { readonly cmd: string; readonly end?: RegExp; readonly changes?: object }>> =
  {
    'fork-bomb': { cmd: 'bomb() { bomb | bomb & }; (bomb) & exec sleep 100000' },
    'memory-hog': { cmd: 'x=a; while :; do x=$x$x; done', end: /^out-of-memory: / },
    'cpu-burner': { cmd: 'for i in 1 2 3 4; do (while :; do :; done) & done; wait' },
    'log-flooder': {
      cmd: `yes "all work and no play" | head -c ${isFull ? 1_000_000_000 : 50_000_000}; exec sleep 100000`,
    },
    stubborn: { cmd: 'trap "" TERM; while :; do sleep 0.1; done' },
    daemon: { cmd: '(setsid sh -c "while :; do sleep 1; done" &); exec sleep 100000' },
    'file-eater': {
      cmd: `hold() { for file in 3 4 5 6 7 8 9; do eval "exec $file</dev/null"; done; exec sleep 100000; }; for each in $(seq 300); do hold & done; exec sleep 100000`,
    },
    'socket-flood': { cmd: 'for each in $(seq 300); do nc 127.0.0.1 $TARGET & done; exec sleep 100000' },
    link: { cmd: 'cd /mnt/mesos/sandbox; ln -s /etc/shadow stolen; ln -s / root; exec sleep 100000' },
    archive: {
      cmd: 'exec sleep 100000',
      changes: { fetch: [{ uri: EVIL, extract: true }] },
      end: /leads out of the sandbox/,
    },
  };

describe.skipIf(!hasDocker)('neighbours from hell in Docker containers', () => {
  let platform: RunningPlatform;
  let daemon: DockerDaemon;
  let dispose: () => Promise<void>;
  let url = '';

  const docker = (...words: string[]): string[] =>
    execFileSync('docker', ['--host', daemon.host, ...words], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean);
  /** What there is on this machine of the daemon's containers. */
  const traces = () => ({
    containers: docker('ps', '--all', '--quiet').length,
    volumes: docker('volume', 'ls', '--quiet').length,
    groups: readdirSync('/sys/fs/cgroup').flatMap((hierarchy) => {
      try {
        return readdirSync(`/sys/fs/cgroup/${hierarchy}/${daemon.bridge}`).filter((name) =>
          /^[0-9a-f]{64}$/.test(name),
        );
      } catch {
        return [];
      }
    }).length,
    interfaces: readdirSync('/sys/class/net').filter((name) => name.startsWith(daemon.bridge)).length,
  });

  beforeAll(async () => {
    ({ platform, daemon, dispose } = await startDockerPlatform());
    const cmd = 'echo fine >index.html; exec httpd -f -p $PORT0 -h .';
    const good = { cpus: 1, mem: 64, portDefinitions: [{ port: 0 }] };
    const app = dockerApp('/good', `cd /mnt/mesos/sandbox; ${cmd}`, good);
    await platform.change('POST', '/v2/apps', app, LIMIT_MS);
    url = `http://127.0.0.1:${(await platform.tasks('/good'))[0]?.ports[0] ?? 0}/`;
    await waitFor('the good service answers', () =>
      fetch(url)
        .then(() => true)
        .catch(() => false),
    );
  }, LIMIT_MS);

  afterAll(async () => {
    await dispose();
    await rm(EVIL, { force: true });
  }, LIMIT_MS);

  async function expectNothingStolen(): Promise<void> {
    const [task] = await platform.tasks('/link');
    const sandbox = await platform.sandboxOf(task?.id ?? '');
    await waitFor('the links are there', () => readdir(sandbox).then((names) => names.includes('root')), LIMIT_MS);
    for (const path of [`${sandbox}/stolen`, `${sandbox}/root/etc/hostname`]) {
      const answer = await platform.ask('agent', `/files/read?path=${encodeURIComponent(path)}&offset=0`);
      expect(answer.status, path).toBeGreaterThanOrEqual(400);
    }
  }

  it('let the good one serve, and leave nothing behind', { timeout: 4 * LIMIT_MS }, async () => {
    const backoff = { backoffSeconds: 3600, maxLaunchDelaySeconds: 3600, taskKillGracePeriodSeconds: 1 };
    const before = await measureLatency(url, 'fine', MEASURED_MS);
    const tracesBefore = traces();
    await writeFile(EVIL, tarOf([{ name: '../../outside', content: 'x' }]));
    const env = { TARGET: new URL(url).port };
    // Beside all of them: what it has on disk is measured now and then.
    const filler = dockerApp('/filler', 'dd if=/dev/zero of=/fill bs=1M count=64; exec sleep 100000', backoff);
    expect((await platform.call('POST', '/v2/apps', { ...filler, disk: 20 })).status).toBe(201);
    for (const [name, { cmd, end, changes }] of Object.entries(OFFENDERS)) {
      const app = dockerApp(`/${name}`, cmd, { ...backoff, env, ...changes });
      const { status } = await platform.call('POST', '/v2/apps', app);
      expect(status).toBe(201);
      await waitFor(
        `${name} is at it`,
        async () => {
          const { body } = await platform.call('GET', `/v2/apps/${name}?embed=app.lastTaskFailure`);
          if (end !== undefined) return body.app.lastTaskFailure as object | undefined;
          return (await platform.tasks(`/${name}`)).find(({ state }) => state === 'TASK_RUNNING');
        },
        LIMIT_MS,
      );
      const during = await measureLatency(url, 'fine', MEASURED_MS);
      console.log(compareLatency(name, before, during));
      expect(during.p99, name).toBeLessThan(LATENCY_MS_MAX);
      if (end !== undefined) {
        const { body } = await platform.call('GET', `/v2/apps/${name}?embed=app.lastTaskFailure`);
        expect(body.app.lastTaskFailure.message).toMatch(end);
      }
      if (name === 'link') await expectNothingStolen();
      await platform.call('DELETE', `/v2/apps/${name}?force=true`);
      const left = async () => (await platform.call('GET', '/v2/tasks')).body.tasks as { appId: string }[];
      await waitFor(
        `${name} has ended`,
        async () => (await left()).every(({ appId }) => appId !== `/${name}`),
        LIMIT_MS,
      );
    }
    const filled = await waitFor(
      'the filler has ended',
      async () =>
        (await platform.call('GET', '/v2/apps/filler?embed=app.lastTaskFailure')).body.app.lastTaskFailure as
          { message: string } | undefined,
      LIMIT_MS,
    );
    expect(filled.message).toMatch(/has 64(\.\d)? MiB on disk and may have 20 MiB/);
    await platform.call('DELETE', '/v2/apps/filler?force=true');
    const [good] = await platform.tasks('/good');
    expect(good?.state).toBe('TASK_RUNNING');
    const left = await waitFor(
      'all is cleared away',
      () => (JSON.stringify(traces()) === JSON.stringify(tracesBefore) ? traces() : undefined),
      LIMIT_MS,
    );
    expect(left).toEqual(tracesBefore);
  });
});
