import { expect, test } from 'vitest';
import { parseZooKeeperUrl } from './zookeeper-url.ts';

test('a place in ZooKeeper is read as Mesos writes it', () => {
  expect(parseZooKeeperUrl('zk://a:2181,b.example:2182,10.0.0.3/stadion/one/')).toEqual({
    ok: true,
    place: { servers: ['a:2181', 'b.example:2182', '10.0.0.3:2181'], path: '/stadion/one', isSecure: false },
  });
  expect(parseZooKeeperUrl('zk://user:p:w@[::1]:2181/x')).toEqual({
    ok: true,
    place: { servers: ['[::1]:2181'], path: '/x', credentials: 'user:p:w', isSecure: false },
  });
  expect(parseZooKeeperUrl('zks://a/x')).toMatchObject({ ok: true, place: { servers: ['a:2181'], isSecure: true } });
});

test.each([
  ['http://a:2181/x', 'it must look like zk://host:2181,host:2181/stadion'],
  ['zk://a:2181', 'it must end with the folder to use, e.g. /stadion'],
  ['zk://a:2181/', 'it must end with the folder to use, e.g. /stadion'],
  ['zk://a:99999/x', "'a:99999' is not a host with a port"],
  ['zk://a,,b/x', "'' is not a host with a port"],
  ['zk://a/x/../y', "'..' cannot be part of the folder: letters, digits, '.', '_' and '-' can"],
])('%s is refused with the reason', (text, problem) => {
  expect(parseZooKeeperUrl(text)).toEqual({ ok: false, problem });
});
