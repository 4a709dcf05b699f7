/** Where a master answers that announces itself in ZooKeeper, in JSON or, before Mesos 0.24, in protobuf. */
import { hostPort } from '@stadion/base';
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { decodeProtobuf } from '@stadion/contract/mesos-wire';
import type { MasterAnnouncement } from '@stadion/store';
import { masterIn } from './leader-record.ts';

/** Old masters have no address but their number and port. */
const Packed = Type.Object({
  ip: Type.Integer(),
  port: Type.Integer(),
  address: Type.Optional(Type.Object({ ip: Type.Optional(Type.String()), port: Type.Integer() })),
});

/** The master's URL; undefined when the announcement is of no master. */
export function announcedMaster({ format, data }: MasterAnnouncement): string | undefined {
  if (format === 'json') return masterIn(new TextDecoder().decode(data));
  let info: unknown;
  try {
    info = decodeProtobuf('MasterInfo', data);
  } catch {
    return undefined;
  }
  if (!Value.Check(Packed, info)) return undefined;
  const ip = info.address?.ip ?? dotted(info.ip);
  const port = info.address?.port ?? info.port;
  return `http://${hostPort(ip, port)}`;
}

/** The number holds the octets in network order, read as a little-endian integer. */
function dotted(ip: number): string {
  return [0, 8, 16, 24].map((shift) => String((ip >>> shift) & 255)).join('.');
}
