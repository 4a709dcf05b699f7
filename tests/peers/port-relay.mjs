/**
 * `port-relay.mjs PORT SOCKET`: passes connections to 127.0.0.1:PORT on to a unix socket, which other network namespaces
 * reach as well. Says `ready` once it listens, and ends with its standard input.
 */
import { connect, createServer } from 'node:net';
import { joinStreams } from '@stadion/base/join-streams';

const [port, socketPath] = process.argv.slice(2);

const server = createServer((near) => {
  void joinStreams(near, connect(/** @type {string} */ (socketPath)));
});
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
process.stdin.on('end', () => process.exit(0)).resume();
