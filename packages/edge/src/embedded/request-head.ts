/** Judges the head of a request over HTTP/2 before anything else looks at it; over HTTP/1 whoever reads it does. */
import type { Http2ServerRequest } from 'node:http2';

/** What is wrong with a head in a way that two servers may read differently. */
export function headProblem({ rawHeaders, headers }: Http2ServerRequest): string | undefined {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) if (rawHeaders[index] === 'host') hosts += 1;
  if (hosts > 1) return 'it names more than one host';
  const length = headers['content-length'];
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return 'its length cannot be read';
  return headers['transfer-encoding'] === undefined ? undefined : 'its transfer encoding is not known';
}
