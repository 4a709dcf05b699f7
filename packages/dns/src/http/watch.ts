/** `/v1/watch`: every change of a name as a server-sent event. A reader that is too slow is cut off. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DnsChange } from '@stadion/contract/dns';
import type { Dns } from '../dns.ts';
import { limits } from '../limits.ts';

/** Opens a stream that lasts until the client or the server ends it. */
export function openWatch(dns: Dns, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (dns.watchers >= limits.watchers) {
    return reply.code(503).send({ message: `${String(limits.watchers)} watch already; end one and try again.` });
  }
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
  raw.write(': watching\n\n');
  const end = dns.watch((zone, serial, changes) => {
    if (raw.writableLength > limits.watcherBytesWaiting) {
      raw.destroy();
      return;
    }
    const events = changes.map(({ name, addresses, targets }) => {
      const change: DnsChange = { zone, serial, name, addresses: [...addresses], targets: [...targets] };
      return `event: change\ndata: ${JSON.stringify(change)}\n\n`;
    });
    if (events.length > 0) raw.write(events.join(''));
  });
  raw.once('close', end);
  return reply;
}
