/** What went over a network of a container's own, as the kernel counts it in the network namespace of a process. */
import { readFileSync } from 'node:fs';
import type { ContainerUsage } from '../../core/container.ts';

type NetworkUsage = NonNullable<ContainerUsage['network']>;

/** All interfaces but the loopback together; undefined when the process has gone. @param pid a process inside */
export function readNetworkUsage(pid: number): NetworkUsage | undefined {
  try {
    return parseNetworkUsage(readFileSync(`/proc/${pid}/net/dev`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** Reads /proc/net/dev (proc(5)): per interface bytes, packets, errors, drops and four more received, then the same sent. */
export function parseNetworkUsage(text: string): NetworkUsage {
  const sums = Array.from({ length: 16 }, () => 0);
  for (const line of text.split('\n')) {
    const [, name, counters = ''] = /^\s*([^:|]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || name === 'lo') continue;
    for (const [index, counter] of counters.trim().split(/\s+/).entries()) {
      sums[index] = (sums[index] ?? 0) + Number(counter);
    }
  }
  const [receivedBytes = 0, receivedPackets = 0, receiveErrors = 0, receiveDropped = 0] = sums;
  const [sentBytes = 0, sentPackets = 0, sendErrors = 0, sendDropped = 0] = sums.slice(8);
  return {
    receivedBytes,
    receivedPackets,
    receiveErrors,
    receiveDropped,
    sentBytes,
    sentPackets,
    sendErrors,
    sendDropped,
  };
}
