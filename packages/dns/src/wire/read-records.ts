/** Reads records of an answer for people. */
import type { Buffer } from 'node:buffer';
import type { DnsLookup } from '@stadion/contract/dns';
import { formatAddress } from '../core/ip-address.ts';
import { TYPE, byte, count, endOfName } from './message.ts';
import { typeName } from './code-names.ts';
import { nameOfKey } from './name-key.ts';

/** At most `records` records from `start` on; what is broken ends the list. */
export function readRecords(packet: Buffer, start: number, records: number): DnsLookup['answers'] {
  const list: DnsLookup['answers'] = [];
  let at = start;
  for (let index = 0; index < records; index += 1) {
    const nameEnd = endOfName(packet, at);
    if (nameEnd < 0 || nameEnd + 10 > packet.length) break;
    const type = count(packet, nameEnd);
    const dataEnd = nameEnd + 10 + count(packet, nameEnd + 8);
    if (dataEnd > packet.length) break;
    const value = valueOf(packet, type, nameEnd + 10, dataEnd);
    list.push({ name: readName(packet, at), type: typeName(type), ttl: packet.readUInt32BE(nameEnd + 4), value });
    at = dataEnd;
  }
  return list;
}

function valueOf(packet: Buffer, type: number, start: number, end: number): string {
  const data = packet.subarray(start, end);
  if (type === TYPE.A || type === TYPE.AAAA) return formatAddress([...data]);
  if (type === TYPE.NS || type === TYPE.CNAME || type === TYPE.PTR) return `${readName(packet, start)}.`;
  if (type === TYPE.SRV && data.length > 6) {
    return `${count(data, 0)} ${count(data, 2)} ${count(data, 4)} ${readName(packet, start + 6)}.`;
  }
  if (type === TYPE.SOA && data.length > 22) {
    const mnameEnd = endOfName(packet, start);
    const numbers = [20, 16, 12, 8, 4].map((offset) => packet.readUInt32BE(end - offset)).join(' ');
    return `${readName(packet, start)}. ${readName(packet, mnameEnd)}. ${numbers}`;
  }
  return `\\# ${data.length} ${data.toString('hex')}`;
}

/** Follows pointers, which may only lead back: so that it ends. */
function readName(packet: Buffer, start: number): string {
  let key = '';
  let at = start;
  let limit = start;
  while (at >= 0 && at < packet.length && key.length < 256) {
    const length = byte(packet, at);
    if (length >= 0xc0) {
      const target = count(packet, at) & 0x3fff;
      if (target >= limit) break;
      limit = target;
      at = target;
    } else if (length === 0 || length > 63) break;
    else {
      key += packet.toString('latin1', at, at + 1 + length);
      at += 1 + length;
    }
  }
  return nameOfKey(`${key}\0`);
}
