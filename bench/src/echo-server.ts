/**
 * Sends every packet back as an answer: what Node's own sockets take for a packet, which no name server written for Node can
 * fall short of. A program of its own: `node echo-server.js PORT`.
 */
import { createSocket } from 'node:dgram';

const IS_ANSWER = 0x80;

const socket = createSocket({
  type: 'udp4',
  lookup: (host, _options, done) => {
    done(null, host, 4);
  },
  recvBufferSize: 1024 * 1024,
});
socket.on('message', (packet, { port, address }) => {
  packet[2] = (packet[2] ?? 0) | IS_ANSWER;
  socket.send(packet, port, address);
});
socket.bind(Number(process.argv[2]), '127.0.0.1');
