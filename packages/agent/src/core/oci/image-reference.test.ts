import { describe, expect, it } from 'vitest';
import { isPinned, parseImageReference } from './image-reference.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

function parse(name: string) {
  const parsed = parseImageReference(name);
  return parsed.ok ? parsed.reference : parsed.problem;
}

describe('the name of an image', () => {
  it('is read as Docker reads it', () => {
    const hub = 'registry-1.docker.io';
    expect(parse('nginx')).toEqual({ kind: 'registry', host: hub, repository: 'library/nginx', version: 'latest' });
    expect(parse('team/app:1.2')).toEqual({ kind: 'registry', host: hub, repository: 'team/app', version: '1.2' });
    expect(parse('docker.io/nginx:1')).toEqual({
      kind: 'registry',
      host: hub,
      repository: 'library/nginx',
      version: '1',
    });
    expect(parse('localhost:5000/a/b')).toMatchObject({ host: 'localhost:5000', repository: 'a/b', version: 'latest' });
    expect(parse(`r.example/a:1@${DIGEST}`)).toMatchObject({ host: 'r.example', repository: 'a', version: DIGEST });
  });

  it('may be that of a directory or an archive', () => {
    expect(parse('oci:/images/app:v1')).toEqual({ kind: 'layout', path: '/images/app', tag: 'v1' });
    expect(parse('docker-archive:/images/app.tar')).toEqual({
      kind: 'archive',
      path: '/images/app.tar',
      tag: undefined,
    });
    expect(parse('oci:images/app')).toContain('begins with /');
  });

  it('is refused when it is none', () => {
    for (const name of [
      '',
      'Nginx',
      'a//b',
      'a:b:c',
      'a@sha256:12',
      '../../etc',
      'a/../b',
      'host_:1/a',
      'a'.repeat(2000),
    ]) {
      expect(typeof parse(name), name).toBe('string');
    }
  });

  it('is final with a digest only', () => {
    const [pinned, moving] = [parseImageReference(`a@${DIGEST}`), parseImageReference('a:1')];
    expect(pinned.ok && isPinned(pinned.reference)).toBe(true);
    expect(moving.ok && isPinned(moving.reference)).toBe(false);
  });
});
