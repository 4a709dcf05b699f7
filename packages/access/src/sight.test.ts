import { describe, expect, it } from 'vitest';
import { readGrant, sightOf, type Grant } from './index.ts';

function sight(...grants: readonly string[]) {
  return sightOf({ name: 'ada', grants: grants.map((text) => readGrant(text) as Grant) }, 'apps:read');
}

describe('what somebody sees', () => {
  it('is everything by a grant for everything, whatever else was granted', () => {
    expect(sight('apps:read /team-a', '*:read').isWhole).toBe(true);
  });

  it('is nothing without the permission', () => {
    const none = sight('apps:write', 'events:read /team-a');
    expect([none.isWhole, none.sees('/team-a/web'), none.leadsTo('/')]).toEqual([false, false, false]);
  });

  it.each([
    ['/team-a', true, true],
    ['/team-a/web', true, true],
    ['/team-a/sub/web', true, true],
    ['/', false, true],
    ['/team-b', false, false],
    ['/team-a-2/web', false, false],
    ['/x', false, true],
    ['/x/y/z', true, true],
    ['/x/other', false, false],
  ])('by grants for /team-a and /x/y, of %s: itself %s, as a way there %s', (path, isSeen, isWay) => {
    const { isWhole, sees, leadsTo } = sight('apps:* /team-a', '*:read /x/y');
    expect([isWhole, sees(path), leadsTo(path)]).toEqual([false, isSeen, isWay]);
  });
});
