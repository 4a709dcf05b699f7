/** A service for loads: says who it is and how long the body was, streams slowly, echoes on WebSockets, stops politely. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const who = process.env['MESOS_TASK_ID'] ?? 'nobody';
let isStopping = false;
const server = createServer((request, response) => {
  let length = 0;
  request.on('data', (chunk) => (length += chunk.length));
  request.on('end', () => {
    if (isStopping) response.setHeader('connection', 'close');
    if (request.url !== '/stream') {
      setTimeout(() => response.end(`${who} ${String(length)}`), 3);
      return;
    }
    let pieces = 0;
    const timer = setInterval(() => {
      pieces += 1;
      response.write(`${who} ${String(pieces)}\n`);
      if (pieces < 10) return;
      clearInterval(timer);
      response.end();
    }, 50);
  });
});
server.on('upgrade', (request, socket) => {
  const key = `${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  socket.on('error', () => socket.destroy());
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.pipe(socket);
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env['PORT0']));
process.on('SIGTERM', () => {
  isStopping = true;
  server.close(() => process.exit(0));
});
