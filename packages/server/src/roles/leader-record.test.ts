import { expect, test } from 'vitest';
import { decodeLeader, encodeLeader } from './leader-record.ts';

test('a leader is announced as Mesos tools read it, and as our own need it', () => {
  const leader = {
    hostname: 'h',
    ip: '10.0.0.1',
    id: 'b3b6c2a4-0000-4000-8000-000000000000',
    version: '1.11.0',
    master: 'http://10.0.0.1:5050',
    orchestrator: 'http://10.0.0.1:8080',
  };
  const text = encodeLeader(leader);
  expect(JSON.parse(text)).toMatchObject({
    address: { hostname: 'h', ip: '10.0.0.1', port: 5050 },
    hostname: 'h',
    ip: 16_777_226,
    pid: 'master@10.0.0.1:5050',
    port: 5050,
    version: '1.11.0',
  });
  expect(decodeLeader(text)).toEqual(leader);
  for (const foreign of ['', '{}', text.replace('stadion', 'other')]) expect(decodeLeader(foreign)).toBeUndefined();
});
