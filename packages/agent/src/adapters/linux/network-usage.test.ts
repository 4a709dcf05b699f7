import { expect, it } from 'vitest';
import { parseNetworkUsage } from './network-usage.ts';

it('what went over a network is the sum of all interfaces but the loopback', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    9999    99    9    9    9     9          9         9     9999    99    9    9    9     9       9          9
  eth0:    1000    10    1    2    0     0          0         0     2000    20    3    4    0     0       0          0
  eth1:1    2    3    4    0     0          0         0     5    6    7    8    0     0       0          0
`;
  expect(parseNetworkUsage(text)).toEqual({
    receivedBytes: 1001,
    receivedPackets: 12,
    receiveErrors: 4,
    receiveDropped: 6,
    sentBytes: 2005,
    sentPackets: 26,
    sendErrors: 10,
    sendDropped: 12,
  });
});
