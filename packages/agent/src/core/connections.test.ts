import { connect, createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openConnections } from './connections.ts';

const HEADING = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

it('counts what is open or about to be, by local port, and passes over the rest', () => {
  const tcp = [
    '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1 0 100 0 0 10 0',
    '   1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000 0 0 2 1 0 20 4 30 10 -1',
    '   2: 0100007F:1F90 0100007F:D432 06 00000000:00000000 00:00000000 00000000 0 0 0 1 0 20 4 30 10 -1',
    '   3: 0100007F:D431 0100007F:1F90 01 00000000:00000000 00:00000000 00000000 0 0 3 1 0 20 4 30 10 -1',
  ];
  const tcp6 = [
    '   0: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:D433 03 00000000:00000000 00:0 0 0 0 4',
    'nonsense',
  ];
  expect([...openConnections([HEADING + tcp.join('\n'), HEADING + tcp6.join('\n')])]).toEqual([
    [8080, 2],
    [54_321, 1],
  ]);
});

it.skipIf(!existsSync('/proc/net/tcp'))('finds a real connection, and does not when it is gone', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const count = (): number | undefined => openConnections([readFileSync('/proc/net/tcp', 'utf8')]).get(port);
  expect(count()).toBeUndefined();
  const accepted = once(server, 'connection');
  const socket = connect(port, '127.0.0.1');
  await accepted;
  expect(count()).toBe(1);
  socket.destroy();
  server.close();
  await once(server, 'close');
  expect(count()).toBeUndefined();
});
