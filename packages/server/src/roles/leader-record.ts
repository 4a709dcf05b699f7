/** What a candidate presents itself with: a Mesos `MasterInfo`, so that Mesos's tools find the leader, and a little more. */
import { hostPort } from '@stadion/base';
import { isIPv4 } from 'node:net';
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';

/** Where the leader is, as other servers and agents need it. */
export interface LeaderRecord {
  readonly hostname: string;
  readonly ip: string;
  readonly id: string;
  readonly version: string;
  /** URLs, e.g. `http://10.0.0.1:5050`. */
  readonly master: string;
  readonly orchestrator: string;
}

const Stored = Type.Object({
  hostname: Type.String(),
  id: Type.String(),
  version: Type.String(),
  address: Type.Object({ ip: Type.String(), port: Type.Integer() }),
  stadion: Type.Optional(Type.Object({ master: Type.String(), orchestrator: Type.String() })),
});

/** The JSON text of a record. */
export function encodeLeader(leader: LeaderRecord): string {
  const { hostname, ip, id, version } = leader;
  const port = Number(new URL(leader.master).port);
  return JSON.stringify({
    address: { hostname, ip, port },
    capabilities: [{ type: 'AGENT_UPDATE' }, { type: 'AGENT_DRAINING' }, { type: 'QUOTA_V2' }],
    hostname,
    id,
    ip: littleEndian(ip),
    pid: `master@${hostPort(ip, port)}`,
    port,
    version,
    stadion: { master: leader.master, orchestrator: leader.orchestrator },
  });
}

/** Reads a record; undefined when it is not one of ours. */
export function decodeLeader(text: string): LeaderRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Value.Check(Stored, value) || value.stadion === undefined) return undefined;
  const { hostname, id, version, address, stadion } = value;
  return { hostname, id, version, ip: address.ip, ...stadion };
}

/** Where the master of a record answers, one of ours or of Apache Mesos; undefined when the record is of neither. */
export function masterIn(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Value.Check(Stored, value)) return undefined;
  const { ip, port } = value.address;
  return value.stadion?.master ?? `http://${hostPort(ip, port)}`;
}

/** Mesos's number for an address: its four octets in network order, read as a little-endian integer. */
function littleEndian(ip: string): number {
  if (!isIPv4(ip)) return 0;
  return ip.split('.').reduce((sum, octet, index) => sum + Number(octet) * 256 ** index, 0);
}
