import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTarget } from '../request-path.ts';
import { compileRule, type RequestView } from './evaluate.ts';
import { parseRuleV1 } from './parse-v1.ts';
import { parseRuleV2, parseTcpRule } from './parse-v2.ts';
import { hostsOf } from './rule.ts';

function request(changes: Partial<RequestView>): RequestView {
  return { method: 'GET', host: 'a.com', path: '/', query: '', headers: {}, clientIp: '10.1.2.3', ...changes };
}

function v2(text: string) {
  const rule = parseRuleV2(text);
  if (!rule.ok) throw new Error(rule.problem);
  return compileRule(rule.value);
}

describe('rules of version 2 and 3', () => {
  it('combine by and, or, not and parentheses', () => {
    const rule = v2('Host(`a.com`, `b.com`) && (Path(`/x`) || !Method(`GET`))');
    expect(rule(request({ path: '/x' }))).toBe(true);
    expect(rule(request({ host: 'b.com', method: 'POST' }))).toBe(true);
    expect(rule(request({ path: '/y' }))).toBe(false);
    expect(rule(request({ host: 'c.com', path: '/x' }))).toBe(false);
  });

  it('look at headers, queries and the peer', () => {
    expect(v2('Headers(`X-A`, `1`)')(request({ headers: { 'x-a': '1' } }))).toBe(true);
    expect(v2('HeaderRegexp(`X-A`, `^[0-9]+$`)')(request({ headers: { 'x-a': 'z' } }))).toBe(false);
    expect(v2('Query(`a=1`)')(request({ query: 'b=2&a=1' }))).toBe(true);
    expect(v2('Query(`a`, `1 2`)')(request({ query: 'a=1+2' }))).toBe(true);
    expect(v2('ClientIP(`10.0.0.0/8`)')(request({}))).toBe(true);
    expect(v2('ClientIP(`::1`)')(request({}))).toBe(false);
    expect(v2('PathRegexp(`^/v[0-9]+/`)')(request({ path: '/v12/x' }))).toBe(true);
    expect(v2('HostRegexp(`^[a-z]+\\.com$`)')(request({}))).toBe(true);
    expect(v2('Host(`*.a.com`)')(request({ host: 'x.a.com' }))).toBe(true);
  });

  it('know the hosts that they cannot do without', () => {
    const hosts = (text: string) => {
      const rule = parseRuleV2(text);
      return rule.ok ? hostsOf(rule.value) : undefined;
    };
    expect(hosts('PathPrefix(`/x`) && Host(`a.com`, `b.com`)')).toEqual(['a.com', 'b.com']);
    expect(hosts('Host(`a.com`) || Path(`/x`)')).toBeUndefined();
    expect(hosts('!Host(`a.com`)')).toBeUndefined();
  });

  it.each([
    '',
    'Host',
    'Host(',
    'Host(`a`',
    'Host(`a`) &&',
    'Host(`a`) Host(`b`)',
    'Nowhere(`a`)',
    '(Host(`a`)',
    'Path(`x`)',
    'HostRegexp(`(`)',
    `${'('.repeat(50)}Host(\`a\`)${')'.repeat(50)}`,
    'ClientIP(`10.0.0.0/33`)',
  ])('that are wrong say why: %s', (text) => {
    const rule = parseRuleV2(text);
    expect(rule.ok ? '' : rule.problem).not.toBe('');
  });

  it('for TCP take any name by an asterisk', () => {
    expect(parseTcpRule('HostSNI(`*`)')).toEqual({ ok: true, value: { kind: 'always' } });
  });
});

describe('rules of version 1', () => {
  it('apply modifiers in their fixed order', () => {
    const rule = parseRuleV1('ReplacePathRegex: ^/a/(.*) /b/$1;PathPrefixStrip:/x;AddPrefix:/y;Host:a.com');
    expect(rule.ok && rule.value.modifiers.map(({ kind }) => kind)).toEqual([
      'strip-prefix',
      'add-prefix',
      'replace-path-regex',
    ]);
  });

  it('take templates with braces in hosts and paths', () => {
    const rule = parseRuleV1('Path:/products/{id:[0-9]{1,3}}');
    const matches = rule.ok ? compileRule(rule.value.rule) : () => false;
    expect(matches(request({ path: '/products/12' }))).toBe(true);
    expect(matches(request({ path: '/products/1234' }))).toBe(false);
  });
});

describe('any text whatever', () => {
  it('is a rule or a problem, and never throws or takes long', () => {
    const words = [
      'Host',
      'Path',
      'PathPrefix',
      '(',
      ')',
      '`',
      '`a`',
      '&&',
      '||',
      '!',
      ',',
      ';',
      ':',
      '{',
      '}',
      ' ',
      '*',
      '/',
    ];
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (written) => {
        for (const rule of [parseRuleV2(written), parseTcpRule(written)]) {
          if (rule.ok) compileRule(rule.value)(request({}));
        }
        const first = parseRuleV1(written);
        if (first.ok) compileRule(first.value.rule)(request({}));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a path', () => {
  const pathOf = (target: string) => {
    const outcome = readTarget(target);
    return outcome.ok ? outcome.path : 'refused';
  };

  it.each([
    ['/a/b', '/a/b'],
    ['/a//b', '/a/b'],
    ['/a/./b/', '/a/b/'],
    ['/a/../b', '/b'],
    ['/a/%2e%2E/b', '/b'],
    ['/%61dmin', '/admin'],
    ['/a%2fb', '/a%2Fb'],
    ['/a/..', '/'],
    ['/..', 'refused'],
    ['/a/../../b', 'refused'],
    ['/a\\b', 'refused'],
    ['/a%5cb', 'refused'],
    ['/a%00', 'refused'],
    ['/a%zz', 'refused'],
    ['http://x.com/a', '/a'],
    ['http://x.com', '/'],
    ['ftp://x.com/', 'refused'],
    ['*', '/'],
  ])('%s is %s', (target, expected) => {
    expect(pathOf(target)).toBe(expected);
  });

  it('is the same when it is read again', () => {
    fc.assert(
      fc.property(fc.webPath(), (path) => {
        const once = pathOf(path === '' ? '/' : path);
        if (once !== 'refused') expect(pathOf(once)).toBe(once);
      }),
    );
  });
});
