import { afterEach, describe, expect, it } from 'vitest';
import { EdgeStage, echo } from '../testing/edge-stage.ts';

let stage: EdgeStage;
const begin = async (): Promise<void> => {
  stage = await new EdgeStage().start();
};
afterEach(async () => {
  await stage.stop();
});

describe('attacks', () => {
  const smuggled = 'GET /secret HTTP/1.1\r\nHost: x\r\n\r\n';
  const heads: [string, string][] = [
    [
      'CL.TE',
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    [
      'TE.TE',
      `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    ['a strange encoding', `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`],
    [
      'two lengths',
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ],
    ['a length with a sign', `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc${smuggled}`],
    [
      'a space before the colon',
      `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['a bad chunk', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n'],
    ['a header bomb', `GET / HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(70_000)}\r\n\r\n`],
    ['a URL bomb', `GET /${'a'.repeat(70_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['a path above the root', 'GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['a backslash', 'GET /a\\..\\b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['nonsense', '\0\x01\x02 hello\r\n\r\n'],
  ];

  it.each(heads)('%s is refused, and nothing of it reaches a server', async (_name, text) => {
    await begin();
    const seen: string[] = [];
    stage.route([
      await stage.backend((request, response) => {
        seen.push(request.url ?? '');
        response.end('served');
      }),
    ]);
    const answer = await stage.raw(text);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).not.toContain('served');
    expect(seen).toEqual([]);
    // Others are served meanwhile.
    expect((await stage.ask('/')).status).toBe(200);
  });

  it('an open redirect by two slashes stays on the host', async () => {
    await begin();
    stage.route([await stage.backend(echo)], { strip: { stripPrefix: { prefixes: ['/a'] } } });
    expect(JSON.parse(await (await stage.ask('/a//evil.test/')).text()).url).toBe('/evil.test/');
  });

  it('a rule on a path is not passed by in another spelling', async () => {
    await begin();
    stage.routes({
      http: {
        routers: {
          admin: { rule: 'PathPrefix(`/admin`)', service: 'all', middlewares: ['closed'] },
          all: { rule: 'PathPrefix(`/`)', service: 'all' },
        },
        middlewares: { closed: { ipAllowList: { sourceRange: ['10.0.0.0/8'] } } },
        services: { all: { loadBalancer: { servers: [{ url: await stage.backend(echo) }] } } },
      },
    });
    for (const path of ['/admin', '/%61dmin', '//admin', '/x/../admin', '/./admin', '/x/%2e%2e/admin']) {
      expect(await stage.raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`), path).toContain('403');
    }
  });
});
