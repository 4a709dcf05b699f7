import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededRandom } from '@stadion/base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consolePages } from './console-pages.ts';

let site = '';
beforeAll(async () => {
  site = await mkdtemp(join(tmpdir(), 'stadion site '));
  await mkdir(join(site, 'assets'));
  await writeFile(join(site, 'index.html'), '<script nonce="__STADION_NONCE__"></script>');
  await writeFile(join(site, 'assets/a.js'), 'plain');
  await writeFile(join(site, 'assets/a.js.br'), 'packed');
  await writeFile(join(site, 'secret.txt'), 'secret');
});
afterAll(async () => {
  await rm(site, { recursive: true });
});

function ask(path: string, wantsHtml = false, acceptEncoding = '') {
  return consolePages(new SeededRandom('test'), site)({ path, wantsHtml, acceptEncoding });
}

describe('the pages of the console', () => {
  test('any address that a person opens is the application', async () => {
    const page = await ask('/app/shop/web', true);
    expect(page).toMatchObject({ status: 200, body: { kind: 'text', contentType: 'text/html; charset=utf-8' } });
    expect(await ask('/app/shop/web')).toBeUndefined();
  });

  test.each(['/ui', '/ui/'])('%s, where Marathon has its page, leads to ours', async (path) => {
    expect(await ask(path)).toMatchObject({ status: 302, headers: { Location: '/' } });
    expect(await ask('/ui/other', true)).toMatchObject({ status: 200 });
  });

  test('no script may stand in the page, and the number for styles is new with every answer', async () => {
    const pages = consolePages(new SeededRandom('test'), site);
    const request = { path: '/', wantsHtml: true, acceptEncoding: '' };
    const [one, other] = [await pages(request), await pages(request)];
    const policy = one?.headers?.['Content-Security-Policy'] ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-");
    expect(policy).not.toContain('unsafe');
    expect(policy).not.toBe(other?.headers?.['Content-Security-Policy']);
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
    expect(one?.body).toMatchObject({ text: `<script nonce="${nonce}"></script>` });
  });

  test('files are sent packed where that is understood, and kept for ever', async () => {
    expect(await ask('/assets/a.js')).toMatchObject({
      headers: {
        'Content-Type': 'text/javascript; charset=utf-8',
        'Cache-Control': 'public, max-age=31536000, immutable',
      },
      body: { bytes: Buffer.from('plain') },
    });
    expect(await ask('/assets/a.js', false, 'gzip, br')).toMatchObject({
      headers: { 'Content-Encoding': 'br' },
      body: { bytes: Buffer.from('packed') },
    });
  });

  test.each(['/assets/../secret.txt', '/secret.txt', '/assets/missing.js', '/../a.js', '/assets/a.js\0.js'])(
    'nothing else is given out: %j',
    async (path) => {
      expect(await ask(path)).toBeUndefined();
    },
  );

  test('without a build it says what to do', async () => {
    const pages = consolePages(new SeededRandom('test'), join(site, 'none'));
    const page = await pages({ path: '/', wantsHtml: true, acceptEncoding: '' });
    expect(page?.body).toMatchObject({ text: expect.stringContaining('npm run build') });
  });
});
