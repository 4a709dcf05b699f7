/** Answers that somebody else gives. */
import { describeError } from '@stadion/base';
import { failure, type Answer, type Call, type Handler } from './answer.ts';

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
