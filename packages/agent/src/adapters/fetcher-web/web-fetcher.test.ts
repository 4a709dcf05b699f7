import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { delay, silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import type { CommandUri } from '@stadion/contract/mesos';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FetchOutcome } from '../../ports/fetcher.ts';
import { packTar, packTarGz, packZip, type PackedEntry } from '../../testing/archives.ts';
import { createWebFetcher, type WebFetcherOptions } from './web-fetcher.ts';

const hasTool = (name: string): boolean => ['/usr/bin', '/bin'].some((folder) => existsSync(join(folder, name)));

let root: string;
let sandbox: string;
let server: Server;
let base: string;
let requests: string[];
let stalled: ServerResponse | undefined;
const bodies = new Map<string, Buffer>();

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'stadion fetch '));
  sandbox = join(root, 'sandbox');
  mkdirSync(sandbox);
  requests = [];
  bodies.clear();
  server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    if (path === '/moved') {
      response.writeHead(302, { location: '/hello.txt' }).end();
      return;
    }
    if (path === '/to-a-file') {
      response.writeHead(302, { location: 'file:///etc/passwd' }).end();
      return;
    }
    if (path === '/endless') {
      const piece = Buffer.alloc(64 * 1024);
      const more = (): void => {
        while (response.write(piece));
      };
      response.on('drain', more);
      more();
      return;
    }
    if (path === '/stalls') {
      response.write('a beginning');
      stalled = response;
      return;
    }
    const body = bodies.get(path);
    if (body === undefined) response.writeHead(404).end();
    else response.end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(root, { recursive: true, force: true });
});

function makeFetcher(more: Partial<WebFetcherOptions> = {}): ReturnType<typeof createWebFetcher> {
  const cacheDirectory = join(root, 'cache');
  return createWebFetcher({ cacheDirectory, clock: systemClock, timers: systemTimers, log: silentLogger, ...more });
}

function fetchAll(uris: readonly CommandUri[], fetcher = makeFetcher()): Promise<FetchOutcome> {
  return fetcher.fetch({ uris, directory: sandbox, signal: new AbortController().signal });
}

async function until(condition: () => boolean): Promise<void> {
  const end = systemClock.monotonic() + 15_000;
  while (!condition()) {
    expect(systemClock.monotonic(), 'the condition did not come to hold in 15 s').toBeLessThan(end);
    await delay(systemTimers, 5);
  }
}

function read(name: string): string {
  return readFileSync(join(sandbox, name), 'utf8');
}

describe('fetching', () => {
  it('brings files by http, by redirect, by file URI and by path', async () => {
    bodies.set('/hello.txt', Buffer.from('hello'));
    const local = join(root, 'a local file.txt');
    writeFileSync(local, 'local');
    const outcome = await fetchAll([
      { value: `${base}/hello.txt` },
      { value: `${base}/moved`, output_file: 'deep/er/moved.txt' },
      { value: `file://${encodeURI(local)}`, output_file: 'by-uri' },
      { value: local },
    ]);
    expect(outcome).toEqual({ ok: true });
    expect([read('hello.txt'), read('deep/er/moved.txt'), read('by-uri'), read('a local file.txt')]).toEqual([
      'hello',
      'hello',
      'local',
      'local',
    ]);
  });

  it('makes executables executable, and does not unpack them', async () => {
    bodies.set('/tool.gz', gzipSync('x'));
    await fetchAll([{ value: `${base}/tool.gz`, executable: true }]);
    expect(statSync(join(sandbox, 'tool.gz')).mode & 0o777).toBe(0o755);
    expect(existsSync(join(sandbox, 'tool'))).toBe(false);
  });

  it.each([
    ['sha256', 'sha256'],
    ['sha512', 'sha512'],
  ])('accepts the right %s and refuses a wrong one, leaving nothing behind', async (algorithm) => {
    bodies.set('/data', Buffer.from('data'));
    const right = createHash(algorithm).update('data').digest('hex');
    const wrong = createHash(algorithm).update('other').digest('hex');
    expect(await fetchAll([{ value: `${base}/data`, checksum: `${algorithm}:${right}` }])).toEqual({ ok: true });
    rmSync(join(sandbox, 'data'));
    const outcome = await fetchAll([{ value: `${base}/data`, checksum: `${algorithm}:${wrong}` }]);
    expect(outcome).toMatchObject({ ok: false });
    expect(outcome.ok ? '' : outcome.message).toBe(`${base}/data: its ${algorithm} is ${right} instead of ${wrong}`);
    expect(readdirSync(sandbox)).toEqual([]);
  });

  it.each([
    ['http://127.0.0.1:1/x', /^http:\/\/127\.0\.0\.1:1\/x: /],
    ['ftp://example.org/x', /only http, https, file/],
    ['relative/path', /only http, https, file/],
    ['/no/such/file', /ENOENT/],
    ['/tmp', /not a regular file/],
  ])('says why %s cannot be fetched', async (value, message) => {
    const outcome = await fetchAll([{ value, output_file: 'x' }]);
    expect(outcome.ok ? '' : outcome.message).toMatch(message);
  });

  it('names the URI and the status of a server that refuses', async () => {
    const outcome = await fetchAll([{ value: `${base}/missing` }]);
    expect(outcome).toEqual({ ok: false, message: `${base}/missing: the server answered 404 Not Found` });
  });

  it('does not let a server lead it to a local file', async () => {
    const outcome = await fetchAll([{ value: `${base}/to-a-file` }]);
    expect(outcome).toMatchObject({ ok: false });
    expect(readdirSync(sandbox)).toEqual([]);
  });

  it.each([false, true])('gives up an endless download and leaves nothing of it (cached: %s)', async (cache) => {
    const outcome = await fetchAll([{ value: `${base}/endless`, cache }], makeFetcher({ artifactBytesMax: 1_000_000 }));
    expect(outcome).toEqual({ ok: false, message: `${base}/endless: it is larger than 1000000 bytes` });
    expect(readdirSync(sandbox)).toEqual([]);
    expect(cache ? readdirSync(join(root, 'cache')) : []).toEqual([]);
  });

  it('gives up a download that stalls', async () => {
    const outcome = await fetchAll([{ value: `${base}/stalls` }], makeFetcher({ stallMs: 100 }));
    expect(outcome).toEqual({ ok: false, message: expect.stringContaining('nothing arrived for 0.1 s') as string });
  });

  it.each(['../evil', '/etc/evil', 'a/../../evil', '', '.'])('refuses the output file "%s"', async (output_file) => {
    bodies.set('/data', Buffer.from('data'));
    const outcome = await fetchAll([{ value: `${base}/data`, output_file }]);
    expect(outcome.ok ? '' : outcome.message).toContain('inside the sandbox');
  });
});

describe('the cache', () => {
  it('downloads once for many tasks at the same time', async () => {
    bodies.set('/big', Buffer.from('big'));
    const fetcher = makeFetcher();
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, (_none, index) =>
        fetchAll([{ value: `${base}/big`, cache: true, output_file: `copy-${index}` }], fetcher),
      ),
    );
    expect(outcomes.every((outcome) => outcome.ok)).toBe(true);
    expect(requests).toEqual(['/big']);
    expect(read('copy-4')).toBe('big');
  });

  it('drops what was used least when it is full', async () => {
    const fetcher = makeFetcher({ cacheBytesMax: 10 });
    for (const name of ['a', 'b', 'c']) bodies.set(`/${name}`, Buffer.from('12345'));
    const get = (name: string): Promise<FetchOutcome> => fetchAll([{ value: `${base}/${name}`, cache: true }], fetcher);
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await get(name);
    expect(requests).toEqual(['/a', '/b', '/c', '/b']);
  });

  it('lets a killed task go at once, and ends a download that nobody waits for', async () => {
    const fetcher = makeFetcher();
    const killed = new AbortController();
    const fetching = fetcher.fetch({
      uris: [{ value: `${base}/stalls`, cache: true }],
      directory: sandbox,
      signal: killed.signal,
    });
    await until(() => requests.length === 1);
    const gone = new Promise((resolve) => stalled?.once('close', resolve));
    killed.abort(new Error('killed'));
    expect(await fetching).toEqual({ ok: false, message: `${base}/stalls: killed` });
    await gone;
  });

  it('does not remember a failure', async () => {
    const fetcher = makeFetcher();
    expect((await fetchAll([{ value: `${base}/late`, cache: true }], fetcher)).ok).toBe(false);
    bodies.set('/late', Buffer.from('here'));
    expect((await fetchAll([{ value: `${base}/late`, cache: true }], fetcher)).ok).toBe(true);
  });
});

describe('archives', () => {
  const GOOD: readonly PackedEntry[] = [
    { path: 'app/run.sh', body: 'run', mode: 0o755 },
    { path: 'app/current', type: 'SymbolicLink', target: '../app/run.sh' },
  ];

  it.each(['app.tar', 'app.tar.gz', 'app.tgz', 'app.zip', 'app.tar.bz2', 'app.tbz2', 'app.tar.xz', 'app.txz'])(
    'unpacks %s and keeps it beside the result',
    async (name) => {
      const tool = name.endsWith('bz2') ? 'bzip2' : name.endsWith('xz') ? 'xz' : undefined;
      if (tool !== undefined && !hasTool(tool)) return;
      const tar = packTar(GOOD);
      const compressed = tool === undefined ? undefined : execFileSync(tool, ['-c'], { input: tar });
      const plain = name.endsWith('.tar') ? tar : packTarGz(GOOD);
      bodies.set(`/${name}`, compressed ?? (name.endsWith('.zip') ? packZip(GOOD) : plain));
      expect(await fetchAll([{ value: `${base}/${name}` }])).toEqual({ ok: true });
      expect(read('app/current')).toBe('run');
      expect(statSync(join(sandbox, 'app/run.sh')).mode & 0o111).not.toBe(0);
      expect(readdirSync(sandbox).sort()).toEqual(['app', name]);
    },
  );

  it('unpacks a single .gz, and nothing at all when told so', async () => {
    bodies.set('/data.csv.gz', gzipSync('1,2'));
    await fetchAll([{ value: `${base}/data.csv.gz`, extract: false }]);
    expect(readdirSync(sandbox)).toEqual(['data.csv.gz']);
    await fetchAll([{ value: `${base}/data.csv.gz` }]);
    expect(read('data.csv')).toBe('1,2');
  });

  const HOSTILE: readonly (readonly [string, readonly PackedEntry[]])[] = [
    ['an absolute path', [{ path: '/tmp/stadion-evil', body: 'x' }]],
    ['a path that climbs out', [{ path: 'a/../../evil', body: 'x' }]],
    ['a link to an absolute path', [{ path: 'a', type: 'SymbolicLink', target: '/etc/passwd' }]],
    ['a link that climbs out', [{ path: 'a/b', type: 'SymbolicLink', target: '../../evil' }]],
    [
      'a link that climbs out through another',
      [
        { path: 'x/y/up', type: 'SymbolicLink', target: '../..' },
        { path: 'out', type: 'SymbolicLink', target: 'x/y/up/..' },
      ],
    ],
    [
      'a file written through a link',
      [
        { path: 'd', type: 'SymbolicLink', target: '../outside' },
        { path: 'd/evil', body: 'x' },
      ],
    ],
  ];

  it.each(HOSTILE)('refuses %s in a tar file and in a zip file', async (_what, entries) => {
    bodies.set('/evil.tgz', packTarGz([{ path: 'innocent', body: 'x' }, ...entries]));
    bodies.set('/evil.zip', packZip([{ path: 'innocent', body: 'x' }, ...entries]));
    for (const name of ['evil.tgz', 'evil.zip']) {
      const outcome = await fetchAll([{ value: `${base}/${name}` }]);
      expect(outcome, name).toMatchObject({ ok: false });
      // Looked at before anything is written.
      expect(existsSync(join(sandbox, 'innocent')), name).toBe(false);
    }
    expect(readdirSync(root).sort()).toEqual(['sandbox']);
  });

  it('does not put links of a zip file through its other links, where they would lead elsewhere', async () => {
    const links: PackedEntry[] = [
      { path: 'x/a', type: 'SymbolicLink', target: '..' },
      { path: 'x/a/b', type: 'SymbolicLink', target: '../..' },
    ];
    bodies.set('/links.zip', packZip(links));
    const outcome = await fetchAll([{ value: `${base}/links.zip` }]);
    expect(outcome.ok ? '' : outcome.message).toContain('writes through "x/a"');
    expect(existsSync(join(sandbox, 'b'))).toBe(false);
  });

  it('does not write through the links of an earlier archive', async () => {
    bodies.set('/first.zip', packZip([{ path: 'd', type: 'SymbolicLink', target: 'real' }]));
    bodies.set('/second.zip', packZip([{ path: 'd/file', body: 'x' }]));
    mkdirSync(join(sandbox, 'real'));
    const outcome = await fetchAll([{ value: `${base}/first.zip` }, { value: `${base}/second.zip` }]);
    expect(outcome.ok ? '' : outcome.message).toContain('writes through "d"');
  });

  it('refuses hard links to the outside, and devices', async () => {
    bodies.set('/link.tar', packTar([{ path: 'a', type: 'Link', target: '../../etc/passwd' }]));
    bodies.set('/device.tar', packTar([{ path: 'null', type: 'CharacterDevice' }]));
    const link = await fetchAll([{ value: `${base}/link.tar` }]);
    const device = await fetchAll([{ value: `${base}/device.tar` }]);
    expect(link.ok ? '' : link.message).toContain('leads out of the sandbox');
    expect(device.ok ? '' : device.message).toContain('a device or another special file');
  });

  it('drops set-user-id bits', async () => {
    bodies.set('/suid.tar', packTar([{ path: 'tool', body: 'x', mode: 0o4755 }]));
    await fetchAll([{ value: `${base}/suid.tar` }]);
    expect(lstatSync(join(sandbox, 'tool')).mode & 0o7777).toBe(0o755);
  });

  it('says that a damaged one is damaged', async () => {
    bodies.set('/broken.tgz', packTarGz(GOOD).subarray(0, 40));
    bodies.set('/broken.zip', Buffer.from('this is no zip file'));
    for (const name of ['broken.tgz', 'broken.zip']) {
      const outcome = await fetchAll([{ value: `${base}/${name}` }]);
      expect(outcome.ok ? '' : outcome.message, name).toContain('could not be unpacked');
    }
  });
});
