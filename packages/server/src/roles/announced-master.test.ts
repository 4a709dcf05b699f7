import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { announcedMaster } from './announced-master.ts';
import { encodeLeader } from './leader-record.ts';

const json = (text: string) => announcedMaster({ format: 'json', data: Buffer.from(text) });
const protobuf = (hex: string) => announcedMaster({ format: 'protobuf', data: Buffer.from(hex, 'hex') });

test('a master of ours, and one of Apache Mesos in JSON', () => {
  const urls = { master: 'http://10.0.0.1:5050', orchestrator: 'http://10.0.0.1:8080' };
  expect(json(encodeLeader({ hostname: 'h', ip: '10.0.0.1', id: 'M', version: '1.11.0', ...urls }))).toBe(urls.master);
  const address = { hostname: 'h', ip: '10.0.0.7', port: 5051 };
  expect(json(JSON.stringify({ id: 'M', hostname: 'h', ip: 1, port: 1, version: '1.1.0', address }))).toBe(
    'http://10.0.0.7:5051',
  );
});

test('an old one in protobuf: by its address, or by the number that is one', () => {
  // id = "M", ip = 10.0.0.9 as a little-endian number, port = 5050.
  const packed = '0a014d108a80804818ba27';
  expect(protobuf(packed)).toBe('http://10.0.0.9:5050');
  // The same with an address: hostname = "h", ip = "10.0.0.8", port = 5052.
  expect(protobuf(`${packed}3a100a0168120831302e302e302e3818bc27`)).toBe('http://10.0.0.8:5052');
});

test('what is none', () => {
  expect(json('rubbish')).toBeUndefined();
  expect(json('{}')).toBeUndefined();
  expect(protobuf('ff')).toBeUndefined();
  expect(protobuf('')).toBeUndefined();
});
