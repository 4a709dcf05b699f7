/**
 * Neighbours from hell: offenders of every kind beside a well-behaved service, on a real platform with linux containers.
 * `STADION_HELL=full npm run test:neighbours` asks more of everybody and takes minutes.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leftoversOf, tarOf } from '@stadion/agent/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareLatency, measureLatency } from './support/latency.ts';
import { RunningPlatform, waitFor } from './support/running-platform.ts';

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const canRun = process.getuid?.() === 0 && !['runc', 'tini'].some((part) => missing.includes(part));
const isFull = process.env['STADION_HELL'] === 'full';
const MEASURED_MS = isFull ? 60_000 : 5000;
const FLOOD_MEBIBYTES = isFull ? 2000 : 200;
/** What a request may take at the 99th percentile, at the most: this machine may have other work, too. */
const LATENCY_MS_MAX = 1000;
const LIMIT_MS = 90_000;

/** Answers anybody at once. */
const GOOD = `const http = require('node:http'); http.createServer((q, a) => a.end('fine')).listen(process.env.PORT0, '127.0.0.1');`;
const FILES = `const fs = require('node:fs'); const all = []; setInterval(() => { try { for (let n = 0; n < 1000; n++) all.push(fs.openSync('/dev/null')); } catch {} }, 50);`;
const SOCKETS = `const net = require('node:net'); const all = []; setInterval(() => { for (let n = 0; n < 50 && all.length < 2000; n++) { const s = net.connect(Number(process.env.TARGET), '127.0.0.1'); s.on('error', () => {}); all.push(s); } }, 50);`;

describe.skipIf(!canRun)('neighbours from hell', () => {
  let platform: RunningPlatform;
  let port = 0;

  const node = (program: string) => `exec ${process.execPath} -e ${JSON.stringify(program).replaceAll('$', '\\$')}`;
  const app = (id: string, cmd: string, more: object = {}) => {
    const backoff = { backoffSeconds: 3600, maxLaunchDelaySeconds: 3600 };
    return {
      id,
      cmd,
      cpus: 0.1,
      mem: 64,
      instances: 1,
      portDefinitions: [],
      taskKillGracePeriodSeconds: 1,
      ...backoff,
      ...more,
    };
  };
  const start = async (...apps: object[]) => {
    for (const each of apps) {
      const { status, body } = await platform.call('POST', '/v2/apps', each);
      expect(status, JSON.stringify(body)).toBe(201);
    }
  };
  const failureOf = (id: string) =>
    waitFor(
      `${id} has failed`,
      async () =>
        (await platform.call('GET', `/v2/apps${id}`)).body.app.lastTaskFailure as
          { message: string; state: string } | undefined,
      LIMIT_MS,
    );
  const running = (id: string) =>
    waitFor(
      `${id} runs`,
      async () => (await platform.tasks(id)).find(({ state }) => state === 'TASK_RUNNING'),
      LIMIT_MS,
    );
  const measure = () => measureLatency(`http://127.0.0.1:${port}/`, 'fine', MEASURED_MS);

  beforeAll(async () => {
    platform = await RunningPlatform.start(['--containerizers', 'linux']);
    await start(app('/good', node(GOOD), { cpus: 1, mem: 256, portDefinitions: [{ port: 0 }] }));
    port = (await running('/good')).ports[0] ?? 0;
    await waitFor('the good service answers', () =>
      fetch(`http://127.0.0.1:${port}/`)
        .then(() => true)
        .catch(() => false),
    );
  }, LIMIT_MS);

  afterAll(async () => {
    await platform.dispose();
  });

  it('let the good one serve, and are ended or held by name', { timeout: 4 * LIMIT_MS + 3 * MEASURED_MS }, async () => {
    const before = await measure();
    const evil = join(tmpdir(), `stadion-evil-${process.pid}.tar`);
    writeFileSync(evil, tarOf([{ name: '../../outside', content: 'x' }]));
    await start(
      app('/bomb', 'bomb() { bomb | bomb & }; (bomb) & exec sleep 100000'),
      app('/hog', 'x=a; while :; do x=$x$x; done'),
      app('/burner', 'for i in 1 2 3 4; do (while :; do :; done) & done; wait', { cpus: 0.5 }),
      app('/filler', 'head -c 100000000 /dev/zero >fill; exec sleep 100000', { disk: 20 }),
      app('/flooder', `yes "all work and no play" | head -c ${FLOOD_MEBIBYTES * 1024 * 1024}; exec sleep 100000`),
      app('/files', node(FILES), { mem: 128 }),
      app('/sockets', node(SOCKETS), { mem: 128, env: { TARGET: String(port) } }),
      app('/stubborn', 'trap "" TERM; while :; do sleep 0.1; done'),
      app('/daemon', '(setsid sh -c "while :; do sleep 1; done" &); exec sleep 100000'),
      app('/link', 'ln -s /etc/shadow stolen; ln -s / root; exec sleep 100000'),
      app('/archive', 'exec sleep 100000', { fetch: [{ uri: evil, extract: true }] }),
    );
    for (const id of ['/bomb', '/burner', '/stubborn', '/daemon', '/link', '/files', '/sockets']) await running(id);
    const during = await measure();
    console.log(compareLatency('all of them', before, during));
    expect(during.p99).toBeLessThan(LATENCY_MS_MAX);

    expect((await failureOf('/hog')).message).toMatch(/killed for lack of memory: it may have 64 MiB/);
    expect((await failureOf('/filler')).message).toMatch(/on disk and may have 20 MiB/);
    expect((await failureOf('/archive')).message).toMatch(/leads out of the sandbox/);
    const link = await platform.sandboxOf((await running('/link')).id);
    for (const path of [`${link}/stolen`, `${link}/root/etc/hostname`]) {
      const answer = await platform.ask('agent', `/files/read?path=${encodeURIComponent(path)}&offset=0`);
      expect(answer.status, path).toBeGreaterThanOrEqual(400);
    }
    const flood = await platform.sandboxOf((await running('/flooder')).id);
    const rotated = await waitFor(
      'the flood is cut',
      async () => (await stat(join(flood, 'stdout'))).size < 32 * 1024 * 1024,
      LIMIT_MS,
    );
    expect(rotated).toBe(true);
    rmSync(evil);
    const [good] = await platform.tasks('/good');
    expect(good?.state).toBe('TASK_RUNNING');
  });

  it('leave nothing behind', { timeout: 2 * LIMIT_MS }, async () => {
    const { body } = await platform.call('GET', '/v2/apps');
    for (const { id } of body.apps) {
      expect((await platform.call('DELETE', `/v2/apps${id}?force=true`)).status).toBe(200);
    }
    await waitFor(
      'all tasks have ended',
      async () => (await platform.call('GET', '/v2/tasks')).body.tasks.length === 0,
      LIMIT_MS,
    );
    const linux = join(platform.dataDirectory, 'agent', 'linux');
    await waitFor('all is cleared away', () => {
      const left = leftoversOf(linux, [linux]);
      return Object.values(left).every((list) => list.length === 0) ? true : undefined;
    });
    expect(await readFile('/etc/hostname', 'utf8').catch(() => '')).not.toBe('outside');
  });
});
