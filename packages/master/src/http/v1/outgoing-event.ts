/** Events as Mesos's clients expect them: with the members that they read without looking whether they are there. */
import type { MasterInfo, SchedulerEvent } from '@stadion/contract/mesos';

/** The event in the form of the wire. */
export function outgoingEvent(event: SchedulerEvent): unknown {
  switch (event.type) {
    case 'SUBSCRIBED':
      return { ...event, subscribed: { ...event.subscribed, master_info: masterInfo(event.subscribed.master_info) } };
    case 'FAILURE':
      // pymesos reads the status of every failure that names an executor.
      return event.failure.executor_id === undefined || event.failure.status !== undefined
        ? event
        : { ...event, failure: { ...event.failure, status: 0 } };
    default:
      return event;
  }
}

/** `mesos.v1.MasterInfo`: `ip` and `port` are its old required members, the address as a packed number. */
export function masterInfo(info: MasterInfo): unknown {
  return { ...info, ip: packedAddress(info.address.ip), port: info.address.port };
}

/** An IPv4 address as Mesos packs it: the first byte is the lowest. 0 for anything else. */
function packedAddress(ip: string): number {
  const bytes = ip.split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !(byte >= 0 && byte <= 255))) return 0;
  return bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
}
