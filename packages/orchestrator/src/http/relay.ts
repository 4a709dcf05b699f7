/** Answers that somebody else gives. */
import { Buffer } from 'node:buffer';
import type { Static, TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { describeError } from '@stadion/base';
import type { Sight } from '@stadion/contract/permissions';
import { failure, json, type Answer, type Call, type Handler } from './answer.ts';
import { RELAYED_BYTES_SEEN_MAX } from './limits.ts';

/**
 * Asks, until the answer is there or the caller is gone; whoever cannot be reached is a 502.
 * @param reader who is asked
 * @param missing the answer where nobody is known who could be asked
 */
export function relay<Reader>(
  reader: Reader | undefined,
  missing: Answer,
  ask: (reader: Reader, call: Call, signal: AbortSignal) => Promise<Answer>,
): Handler {
  return async (call) => {
    if (reader === undefined) return missing;
    const gone = new AbortController();
    call.reply.raw.once('close', () => {
      gone.abort();
    });
    try {
      return await ask(reader, call, gone.signal);
    } catch (error) {
      return failure(502, { message: describeError(error) });
    }
  };
}

/**
 * The same for callers who may not see everything: they are answered with what they see of it.
 * @param shape what is answered with 200; what is not of it is told to nobody but those who see everything
 */
export function relaySeen<Shape extends TSchema>(
  handler: Handler,
  shape: Shape,
  seen: (value: Static<Shape>, sight: Sight) => Static<Shape>,
): Handler {
  return async (call) => {
    const answer = await handler(call);
    if (call.sight.isWhole || answer.status !== 200) return answer;
    const value = await valueOf(answer);
    if (!Value.Check(shape, value)) return NOT_UNDERSTOOD;
    return json(200, seen(value, call.sight));
  };
}

const NOT_UNDERSTOOD = failure(502, { message: 'What was answered is too long, or not understood' });

/** The JSON of an answer, of {@link RELAYED_BYTES_SEEN_MAX} at most; undefined when it is none. */
async function valueOf({ body }: Answer): Promise<unknown> {
  if (body.kind === 'json') return body.value;
  if (body.kind !== 'bytes') return undefined;
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of Buffer.isBuffer(body.bytes) ? [body.bytes] : (body.bytes as AsyncIterable<Buffer>)) {
      size += part.length;
      if (size > RELAYED_BYTES_SEEN_MAX) return undefined;
      parts.push(part);
    }
    return JSON.parse(Buffer.concat(parts).toString()) as unknown;
  } catch {
    return undefined;
  }
}
