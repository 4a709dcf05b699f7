/** The names of answer codes and record types, for people. */

const CODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

/** The name of an answer code. */
export function codeName(code: number): string {
  return CODES[code] ?? (code === 16 ? 'BADVERS' : `RCODE${String(code)}`);
}

const TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  64: 'SVCB',
  65: 'HTTPS',
  255: 'ANY',
};

/** The name of a type, or `TYPE123` (RFC 3597). */
export function typeName(type: number): string {
  return TYPE_NAMES[type] ?? `TYPE${String(type)}`;
}
