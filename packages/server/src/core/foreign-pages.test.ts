import { describe, expect, it } from 'vitest';
import { foreignPageProblem, type BrowserHeaders } from './foreign-pages.ts';

const problem = (method: string, headers: BrowserHeaders) =>
  foreignPageProblem({ method, headers }, new Set(['build-host']));

describe('a page that may read', () => {
  const reads = (method: string, origin: string, readers: readonly string[]) =>
    foreignPageProblem(
      { method, headers: { host: 'localhost:8080', origin, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' } },
      new Set(),
      new Set(readers),
    );

  it('reads, and changes nothing', () => {
    for (const readers of [['https://ui.example'], ['*']]) {
      for (const method of ['GET', 'HEAD', 'OPTIONS']) {
        expect(reads(method, 'https://ui.example', readers)).toBeUndefined();
      }
      expect(reads('POST', 'https://ui.example', readers)).toMatch(/may not use/);
    }
    expect(reads('GET', 'https://other.example', ['https://ui.example'])).toMatch(/may not use/);
  });
});

describe('a request', () => {
  it.each([
    ['a program', 'POST', { host: '127.0.0.1:8080' }],
    ['a program of HTTP/1.0', 'POST', {}],
    ['a program by IPv6', 'DELETE', { host: '[::1]:8080' }],
    ['a program by our own name', 'PUT', { host: 'build-host:8080' }],
    [
      'our own page',
      'POST',
      { host: 'localhost:8080', origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' },
    ],
    [
      'a person who follows a link',
      'GET',
      { host: 'localhost:8080', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    ],
    [
      'the page of another port of this machine, reading',
      'GET',
      { host: 'localhost:5051', origin: 'http://localhost:5050', 'sec-fetch-site': 'same-site' },
    ],
  ])('of %s passes', (_who, method, headers) => {
    expect(problem(method, headers)).toBeUndefined();
  });

  it.each([
    [
      'a page that posts a descriptor as text',
      'POST',
      { host: '127.0.0.1:8080', origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' },
    ],
    ['such a page in an old browser', 'POST', { host: '127.0.0.1:8080', origin: 'http://evil.example' }],
    ['a page without an origin of its own', 'POST', { host: '127.0.0.1:8080', origin: 'null' }],
    [
      'a form of another site',
      'POST',
      { host: '127.0.0.1:8080', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    ],
    [
      'a page that includes JSONP of the agent',
      'GET',
      { host: '127.0.0.1:5051', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    ],
    [
      'the page of another port of this machine, writing',
      'POST',
      { host: 'localhost:8080', origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' },
    ],
    [
      'a page whose name was bent to this machine',
      'GET',
      { host: 'evil.example:8080', origin: 'http://evil.example:8080', 'sec-fetch-site': 'same-origin' },
    ],
    [
      'a page that asks for a WebSocket in an old browser',
      'GET',
      { host: '127.0.0.1:8080', origin: 'http://evil.example', upgrade: 'websocket' },
    ],
    ['a name that only begins like an address', 'GET', { host: '127.0.0.1.evil.example' }],
    ['a name that ends like localhost', 'GET', { host: 'notlocalhost' }],
  ])('of %s is refused', (_who, method, headers) => {
    expect(problem(method, headers)).toMatch(/\.$/);
  });
});
