/** Judges the head of a request before anything else looks at it. */
import type { Incoming } from './exchange.ts';

/** What is wrong with a head in a way that two servers may read differently. */
export function headProblem(incoming: Incoming): string | undefined {
  const { rawHeaders } = incoming;
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts > 1) return 'it names more than one host';
  const length = incoming.headers['content-length'];
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return 'its length cannot be read';
  const encoding = incoming.headers['transfer-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') return 'its transfer encoding is not known';
  if (encoding !== undefined && length !== undefined) return 'it says its length twice';
  return undefined;
}
