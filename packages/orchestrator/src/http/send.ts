/** Carries out an answer: status, headers, body; compressed when the client likes it, in turns when it is long. */
import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { constants, createGzip, gzip } from 'node:zlib';
import { delay, type Clock, type Timers } from '@stadion/base';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Answer } from './answer.ts';
import { CHUNK_BYTES, COMPRESSED_BYTES_MIN, TURN_MS_MAX } from './limits.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const gzipAtOnce = promisify(gzip);
/** Speed before size: the network is near, the processor shared. */
const GZIP_OPTIONS = { level: constants.Z_BEST_SPEED };

/** Sends an answer. */
export async function send(
  answer: Answer,
  request: FastifyRequest,
  reply: FastifyReply,
  time: Clock & Timers,
): Promise<FastifyReply> {
  const { body } = answer;
  if (body.kind === 'taken') return reply;
  void reply.code(answer.status).headers({ ...answer.headers });
  switch (body.kind) {
    case 'none':
      return reply.send();
    case 'json':
      return sendText(JSON.stringify(body.value), JSON_TYPE, request, reply);
    case 'text':
      return sendText(body.text, body.contentType, request, reply);
    case 'bytes':
      return reply.send(body.bytes);
    case 'pieces':
      return sendPieces(body.pieces, request, reply, time);
  }
}

async function sendText(
  text: string,
  contentType: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  void reply.header('content-type', contentType);
  if (text.length < COMPRESSED_BYTES_MIN || !wantsGzip(request)) return reply.send(text);
  const compressed = await gzipAtOnce(text, GZIP_OPTIONS);
  return reply.headers(gzipped(reply)).send(compressed);
}

/** Short lists go out at once; of longer ones the client gets the first part while the rest is made. */
async function sendPieces(
  pieces: Iterable<string>,
  request: FastifyRequest,
  reply: FastifyReply,
  time: Clock & Timers,
): Promise<FastifyReply> {
  const source = pieces[Symbol.iterator]();
  const first = takeTurn(source, time);
  if (first.isLast) return sendText(first.text, JSON_TYPE, request, reply);
  void reply.header('content-type', JSON_TYPE);
  const stream = Readable.from(chunks(first.text, source, time), { objectMode: false, highWaterMark: 4 * CHUNK_BYTES });
  if (!wantsGzip(request)) return reply.send(stream);
  const compressor = createGzip(GZIP_OPTIONS);
  stream.on('error', (error) => compressor.destroy(error));
  compressor.on('close', () => stream.destroy());
  return reply.headers(gzipped(reply)).send(stream.pipe(compressor));
}

/** The answer may depend on more than how it is packed already. */
function gzipped(reply: FastifyReply): Readonly<Record<string, string>> {
  const before = reply.getHeader('vary');
  const vary = typeof before === 'string' ? `${before}, Accept-Encoding` : 'Accept-Encoding';
  return { 'content-encoding': 'gzip', vary };
}

async function* chunks(first: string, source: Iterator<string>, time: Clock & Timers): AsyncGenerator<Buffer> {
  yield Buffer.from(first);
  for (;;) {
    await delay(time, 0);
    const turn = takeTurn(source, time);
    yield Buffer.from(turn.text);
    if (turn.isLast) return;
  }
}

/** Makes text until there is enough for a chunk or the turn is over. */
function takeTurn(source: Iterator<string>, time: Clock): { readonly text: string; readonly isLast: boolean } {
  const end = time.monotonic() + TURN_MS_MAX;
  let text = '';
  for (let count = 1; ; count += 1) {
    const next = source.next();
    if (next.done === true) return { text, isLast: true };
    text += next.value;
    if (text.length >= CHUNK_BYTES) return { text, isLast: false };
    // Reading the clock costs more than most pieces: look at it now and then.
    if ((count & 15) === 0 && time.monotonic() >= end) return { text, isLast: false };
  }
}

/** Whether gzip is named in Accept-Encoding, and not with weight 0. */
function wantsGzip(request: FastifyRequest): boolean {
  const accepted = request.headers['accept-encoding'];
  if (accepted === undefined) return false;
  return accepted
    .split(',')
    .some((coding) => /^\s*(?:gzip|x-gzip|\*)\s*(?:;|$)/i.test(coding) && !/;\s*q=0(?:\.0*)?\s*$/i.test(coding));
}
