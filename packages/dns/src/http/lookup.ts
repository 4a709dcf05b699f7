/** `/v1/lookup`: asks the name server itself, as a DNS client would, and makes the answer readable. */
import { Buffer } from 'node:buffer';
import type { DnsLookup } from '@stadion/contract/dns';
import type { Dns } from '../dns.ts';
import { codeName, typeName } from '../wire/code-names.ts';
import { TYPE, count, writeCount } from '../wire/message.ts';
import { keyOfName } from '../wire/name-key.ts';
import { readRecords } from '../wire/read-records.ts';

const TYPES: Readonly<Record<string, number>> = { ...TYPE, MX: 15, TXT: 16, HTTPS: 65 };

/** The answer, or a sentence that says what is wrong with the question. */
export async function lookUp(dns: Dns, name: string, type: string): Promise<DnsLookup | string> {
  const key = keyOfName(name.toLowerCase());
  if (name === '' || key === undefined) {
    return `'${name}' cannot be a name: labels of at most 63 characters, 255 in all.`;
  }
  const number = TYPES[type.toUpperCase()];
  if (number === undefined || type.toUpperCase() === 'OPT') {
    return `'${type}' is not a type that can be asked for. Use one of ${Object.keys(TYPES).join(', ')}.`;
  }
  const packet = Buffer.alloc(12 + key.length + 4);
  packet[2] = 1;
  writeCount(packet, 4, 1);
  const nameEnd = 12 + packet.write(key, 12, 'latin1');
  writeCount(packet, nameEnd, number);
  writeCount(packet, nameEnd + 2, 1);
  const answer = await new Promise<Buffer>((resolve) => {
    dns.names.handle(packet, { address: 'http', transport: 'http' }, resolve);
  });
  return {
    name: name.toLowerCase(),
    type: typeName(number),
    code: codeName((answer[3] ?? 0) & 15),
    authoritative: ((answer[2] ?? 0) & 4) !== 0,
    answers: readRecords(answer, nameEnd + 4, count(answer, 6)),
  };
}
