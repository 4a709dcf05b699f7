import { Buffer } from 'node:buffer';
import { SeededRandom } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import packets, { type Packet } from 'dns-packet';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Client } from './client.ts';
import { NameServer } from './name-server.ts';

const SETTINGS = {
  domain: 'mesos',
  ttl: 5,
  mname: 'ns1.mesos',
  rname: 'root.ns1.mesos',
  refresh: 60,
  retry: 600,
  expire: 86_400,
  srvWeight: 1,
};
const UDP: Client = { address: '127.0.0.1', transport: 'udp' };
const TCP: Client = { address: '127.0.0.1', transport: 'tcp' };
const many = Array.from({ length: 60 }, (_, index) => `10.1.0.${String(index)}`);
/** More than fits into any answer over UDP. */
const crowd = Array.from({ length: 200 }, (_, index) => `10.2.0.${String(index)}`);

let server: NameServer;

beforeEach(() => {
  server = serverWith({});
  fill();
});

function fill(): void {
  server.table.apply(
    'mesos',
    [
      { name: 'web.marathon.mesos', addresses: ['10.0.0.1', '10.0.0.2', 'fd00::1'], targets: [] },
      { name: 'many.marathon.mesos', addresses: many, targets: [] },
      { name: 'crowd.marathon.mesos', addresses: crowd, targets: crowd.map((_, port) => `web.marathon.mesos:${port}`) },
      { name: 'web-abcde-s0.marathon.mesos', addresses: ['10.0.0.1', 'fd00::1'], targets: [] },
      {
        name: '_web._tcp.marathon.mesos',
        addresses: [],
        targets: ['web-abcde-s0.marathon.mesos:31000', 'web-abcde-s0.marathon.mesos:31001'],
      },
    ],
    7,
  );
}

function serverWith(settings: { rateLimit?: number; splits?: { clients: string[]; prefer: string[] }[] }): NameServer {
  const names = { zones: [SETTINGS], rateLimit: settings.rateLimit ?? 0, splits: settings.splits ?? [] };
  return new NameServer(names, { clock: new VirtualTime(), random: new SeededRandom(1), forwarder: undefined });
}

function send(packet: Buffer, client = UDP): Buffer | undefined {
  let answer: Buffer | undefined;
  server.handle(packet, client, (given) => {
    answer = given;
  });
  return answer;
}

function query(name: string, type: string, more: Partial<Packet> = {}): Buffer {
  const questions = [{ name, type, class: 'IN' }] as Packet['questions'];
  return packets.encode({
    type: 'query',
    id: 4711,
    flags: packets.RECURSION_DESIRED,
    ...(questions && { questions }),
    ...more,
  });
}

function ask(name: string, type: string, client = UDP, more: Partial<Packet> = {}) {
  return packets.decode(send(query(name, type, more), client)!);
}

const edns = (udpPayloadSize: number) =>
  [
    { type: 'OPT', name: '.', udpPayloadSize, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] },
  ] as never;

describe('answers', () => {
  test('addresses, in the spelling of the question', () => {
    const answer = ask('wEb.Marathon.mesos', 'A');
    expect(answer).toMatchObject({ id: 4711, rcode: 'NOERROR', flag_aa: true, flag_rd: true, flag_ra: false });
    expect(answer.questions).toEqual([{ name: 'wEb.Marathon.mesos', type: 'A', class: 'IN' }]);
    expect(answer.answers?.map((record) => 'data' in record && record.data).sort()).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(answer.answers?.[0]).toMatchObject({ name: 'wEb.Marathon.mesos', type: 'A', ttl: 5 });
    expect(ask('web.marathon.mesos', 'AAAA').answers).toMatchObject([{ data: 'fd00::1' }]);
  });

  test('services, with one address of each kind of each target', () => {
    const answer = ask('_web._tcp.marathon.mesos', 'SRV');
    const services = answer.answers?.map((record) => 'data' in record && record.data);
    expect(services).toHaveLength(2);
    expect(services).toContainEqual({ priority: 0, weight: 1, port: 31000, target: 'web-abcde-s0.marathon.mesos' });
    expect(answer.additionals).toMatchObject([
      { name: 'web-abcde-s0.marathon.mesos', type: 'A', data: '10.0.0.1' },
      { name: 'web-abcde-s0.marathon.mesos', type: 'AAAA', data: 'fd00::1' },
    ]);
  });

  test('a star inside a name stands for nothing', () => {
    expect(ask('_web.*._tcp.*.marathon.mesos', 'SRV').answers).toHaveLength(2);
    expect(ask('*.web.marathon.mesos', 'A')).toMatchObject({ rcode: 'NXDOMAIN' });
  });

  test('the zone itself', () => {
    expect(ask('mesos', 'SOA').answers).toMatchObject([
      { name: 'mesos', data: { mname: 'ns1.mesos', rname: 'root.ns1.mesos', serial: 7, minimum: 5 } },
    ]);
    expect(ask('mesos', 'NS').answers).toMatchObject([{ data: 'ns1.mesos' }]);
  });

  test('spread over all addresses', () => {
    const firsts = Array.from({ length: 200 }, () => {
      const [first] = ask('web.marathon.mesos', 'A').answers ?? [];
      return first !== undefined && 'data' in first ? first.data : '';
    });
    expect(firsts.filter((first) => first === '10.0.0.1').length).toBeGreaterThan(60);
    expect(firsts.filter((first) => first === '10.0.0.2').length).toBeGreaterThan(60);
  });
});

describe('denials carry the SOA of the zone, so that they can be kept', () => {
  const soa = [{ name: 'mesos', type: 'SOA', ttl: 5 }];

  test.each([
    ['nobody.marathon.mesos', 'A', 'NXDOMAIN'],
    ['_nobody._tcp.marathon.mesos', 'SRV', 'NXDOMAIN'],
    ['web.marathon.mesos', 'SRV', 'NOERROR'],
    ['web.marathon.mesos', 'TXT', 'NOERROR'],
    ['web.marathon.mesos', 'SOA', 'NOERROR'],
    // There is something below: saying that it does not exist would deny that, too (RFC 8020).
    ['marathon.mesos', 'A', 'NOERROR'],
    ['_tcp.marathon.mesos', 'A', 'NOERROR'],
    ['mesos', 'A', 'NOERROR'],
  ])('%s %s: %s', (name, type, code) => {
    const answer = ask(name, type);
    expect(answer).toMatchObject({ rcode: code, flag_aa: true, answers: [] });
    expect(answer.authorities).toMatchObject(soa);
  });

  test('a name that has gone takes with it the empty names above', () => {
    server.table.apply('mesos', [{ name: '_web._tcp.marathon.mesos', addresses: [], targets: [] }], 8);
    expect(ask('_tcp.marathon.mesos', 'A')).toMatchObject({ rcode: 'NXDOMAIN' });
    expect(ask('marathon.mesos', 'A')).toMatchObject({ rcode: 'NOERROR' });
  });
});

describe('sizes', () => {
  test('512 bytes over UDP for those who say nothing: the rest over TCP', () => {
    const packet = send(query('many.marathon.mesos', 'A'))!;
    expect(packet.length).toBeLessThanOrEqual(512);
    const answer = packets.decode(packet);
    expect(answer.flag_tc).toBe(true);
    expect(answer.answers).toHaveLength(29);
    expect(ask('many.marathon.mesos', 'A', TCP)).toMatchObject({ flag_tc: false, answers: { length: 60 } });
  });

  test('with EDNS as much as client and network take', () => {
    expect(ask('many.marathon.mesos', 'A', UDP, { additionals: edns(4096) })).toMatchObject({
      flag_tc: false,
      answers: { length: 60 },
      additionals: [{ type: 'OPT', udpPayloadSize: 1232 }],
    });
    const small = send(query('many.marathon.mesos', 'A', { additionals: edns(700) }))!;
    expect(small.length).toBeLessThanOrEqual(700);
    expect(packets.decode(small)).toMatchObject({ flag_tc: true });
  });
});

describe('what is no proper question', () => {
  const code = (packet: Buffer): number | undefined => {
    const answer = send(packet);
    return answer === undefined ? undefined : answer[3]! & 15;
  };
  const changed = (change: (packet: Buffer) => void): Buffer => {
    const packet = Buffer.from(query('web.marathon.mesos', 'A'));
    change(packet);
    return packet;
  };

  test('is refused by the rules, or dropped', () => {
    expect(code(changed((packet) => packet.writeUInt16BE(3, packet.length - 2)))).toBe(5);
    expect(code(changed((packet) => (packet[2] = 0x28)))).toBe(4);
    expect(code(changed((packet) => packet.writeUInt16BE(2, 4)))).toBe(1);
    expect(code(changed((packet) => (packet[2] = 0x80)))).toBeUndefined();
    expect(code(Buffer.alloc(11))).toBeUndefined();
    expect(code(query('web.marathon.mesos', 'AXFR'))).toBe(5);
    expect(code(query('example.com', 'A'))).toBe(5);
    const withEdns = query('web.marathon.mesos', 'A', { additionals: edns(1232) });
    expect(code(withEdns.subarray(0, -1))).toBe(1);
    expect(code(withEdns.subarray(0, -9))).toBe(1);
    const optTooLong = Buffer.from(withEdns);
    optTooLong[optTooLong.length - 1] = 1;
    expect(code(optTooLong)).toBe(1);
    const badVersion = query('web.marathon.mesos', 'A', { additionals: edns(1232) });
    badVersion[badVersion.length - 5] = 1;
    expect(packets.decode(send(badVersion)!)).toMatchObject({ additionals: [{ type: 'OPT', extendedRcode: 1 }] });
  });

  test('before its cluster was read a zone is unknown, not empty', () => {
    server = serverWith({});
    expect(ask('web.marathon.mesos', 'A')).toMatchObject({ rcode: 'SERVFAIL' });
  });

  test('never throws, never answers more than it may', () => {
    const valid = fc
      .constantFrom('web.marathon.mesos', 'crowd.marathon.mesos', '_web._tcp.marathon.mesos', 'no.mesos')
      .chain((name) =>
        fc.constantFrom('A', 'SRV', 'ANY', 'SOA').map((type) => query(name, type, { additionals: edns(4096) })),
      );
    const mutated = fc
      .tuple(valid, fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 6 }), fc.nat(90))
      .map(([packet, changes, length]) => {
        const copy = Buffer.from(packet);
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
        return length < copy.length ? copy.subarray(0, length) : copy;
      });
    const random = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(mutated, random), fc.constantFrom(UDP, TCP), (packet, client) => {
        const answer = send(Buffer.from(packet), client);
        if (answer !== undefined) judge(answer, packet, client);
      }),
      { numRuns: 3000 },
    );
  });

  test('and whoever judges that would see it', () => {
    const packet = query('many.marathon.mesos', 'A');
    const answer = send(packet, TCP)!;
    judge(answer, packet, TCP);
    const spoilt = (change: (copy: Buffer) => void): (() => void) => {
      const copy = Buffer.from(answer);
      change(copy);
      return () => judge(copy, packet, TCP);
    };
    expect(() => judge(Buffer.concat([answer, Buffer.alloc(1232)]), packet, UDP)).toThrow();
    expect(spoilt((copy) => copy.writeUInt16BE(1, 0))).toThrow();
    expect(spoilt((copy) => (copy[2] = 0))).toThrow();
    expect(spoilt((copy) => copy.writeUInt16BE(61, 6))).toThrow();
    expect(() => judge(answer.subarray(0, -1), packet, TCP)).toThrow();
  });
});

/** What holds for every answer, whatever the question was. */
function judge(answer: Buffer, packet: Buffer, client: Client): void {
  expect(answer.length).toBeLessThanOrEqual(client === UDP ? 1232 : 65_535);
  expect(answer.subarray(0, 2)).toEqual(packet.subarray(0, 2));
  expect(answer[2]! & 0x80).toBe(0x80);
  // The question is the client's own, and nothing of somebody else's memory.
  if (answer.readUInt16BE(4) === 1) {
    let end = 12;
    while (answer[end] !== 0) end += 1 + answer[end]!;
    expect(answer.subarray(12, end + 5)).toEqual(packet.subarray(12, end + 5));
  }
  packets.decode(answer);
  expect(packets.decode.bytes).toBe(answer.length);
}

test('whoever is named falsely as the sender gets little more than was sent in its name', () => {
  server = serverWith({ rateLimit: 10 });
  fill();
  const packet = query('many.marathon.mesos', 'ANY', { additionals: edns(4096) });
  const answers = Array.from({ length: 1000 }, (_, index) =>
    send(packet, { address: `192.0.2.${String(index % 256)}`, transport: 'udp' }),
  ).filter((answer) => answer !== undefined);
  const whole = answers.filter((answer) => answer.length > packet.length);
  expect(whole).toHaveLength(10);
  expect(Math.max(...whole.map(({ length }) => length))).toBeLessThanOrEqual(1232);
  // Half of the rest is answered, each time by no more than the question itself.
  expect(answers).toHaveLength(10 + 495);
});

test('a network gets no more answers than the limit, and a way to show that it is not forged', () => {
  server = serverWith({ rateLimit: 10 });
  const from = (address: string): (Buffer | undefined)[] =>
    Array.from({ length: 30 }, () => send(query('example.com', 'A'), { address, transport: 'udp' }));
  const victim = from('192.0.2.7');
  expect(victim.filter((answer) => answer !== undefined && (answer[2]! & 2) === 0)).toHaveLength(10);
  expect(victim.filter((answer) => answer === undefined)).toHaveLength(10);
  expect(from('192.0.2.99').filter((answer) => answer !== undefined && (answer[2]! & 2) === 0)).toHaveLength(0);
  expect(from('198.51.100.1').filter((answer) => answer !== undefined).length).toBeGreaterThan(10);
  expect(from('127.0.0.1').every((answer) => answer !== undefined)).toBe(true);
});

test('clients of a subnet are given the addresses of their side', () => {
  server = serverWith({ splits: [{ clients: ['192.0.2.0/24'], prefer: ['10.1.0.0/16'] }] });
  server.table.apply('mesos', [{ name: 'web.mesos', addresses: ['10.0.0.1', '10.1.0.1'], targets: [] }], 1);
  const seen = (address: string) => ask('web.mesos', 'A', { address, transport: 'udp' }).answers;
  expect(seen('192.0.2.5')).toMatchObject([{ data: '10.1.0.1' }]);
  expect(seen('198.51.100.5')).toHaveLength(2);
});

test('one name that cannot be is left out, and the rest is there', () => {
  const refused = server.table.apply(
    'mesos',
    [
      { name: `${'x'.repeat(64)}.mesos`, addresses: ['10.0.0.1'], targets: [] },
      { name: 'elsewhere.org', addresses: ['10.0.0.1'], targets: [] },
      { name: 'good.mesos', addresses: ['10.0.0.1'], targets: [] },
    ],
    9,
  );
  expect(refused).toEqual([`${'x'.repeat(64)}.mesos`, 'elsewhere.org']);
  expect(ask('good.mesos', 'A').answers).toHaveLength(1);
});
