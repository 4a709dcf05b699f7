import { describe, expect, it } from 'vitest';
import { findImageUser } from './image-user.ts';

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nweb:x:33:33:web:/srv:/bin/sh\n';
const GROUP = 'root:x:0:\nweb:x:33:\ncache:x:50:root,web\n';

describe('the user of an image', () => {
  it('is root when the image says nothing, even without accounts', () => {
    expect(findImageUser('', PASSWD, GROUP)).toEqual({ uid: 0, gid: 0, additionalGids: [50], home: '/root' });
    expect(findImageUser('', '', '')).toEqual({ uid: 0, gid: 0, additionalGids: [], home: '/root' });
  });

  it('is found by name and by number, with its groups', () => {
    expect(findImageUser('web', PASSWD, GROUP)).toEqual({ uid: 33, gid: 33, additionalGids: [50], home: '/srv' });
    expect(findImageUser('33', PASSWD, GROUP)?.gid).toBe(33);
    expect(findImageUser('1000', PASSWD, GROUP)).toEqual({ uid: 1000, gid: 0, additionalGids: [], home: '/' });
    expect(findImageUser('web:cache', PASSWD, GROUP)).toMatchObject({ uid: 33, gid: 50, additionalGids: [] });
    expect(findImageUser('7:8', PASSWD, GROUP)).toMatchObject({ uid: 7, gid: 8 });
  });

  it('is nobody when the image does not know the name', () => {
    expect(findImageUser('ghost', PASSWD, GROUP)).toBeUndefined();
    expect(findImageUser('web:ghosts', PASSWD, GROUP)).toBeUndefined();
  });
});
