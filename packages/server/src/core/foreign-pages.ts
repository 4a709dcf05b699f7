/**
 * Which requests come from somebody else's web page. Whoever runs the platform on their own machine also browses there,
 * and a page of anybody may send requests to 127.0.0.1: to an API that runs commands, without a login.
 */
/** The headers that browsers set and pages cannot. */
export interface BrowserHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
  readonly 'sec-fetch-mode'?: string | string[] | undefined;
  readonly upgrade?: string | undefined;
}

/** What is known of a request before its body is read. */
export interface IncomingRequest {
  readonly method: string;
  readonly headers: BrowserHeaders;
}

const NOBODY: ReadonlySet<string> = new Set();
const READING_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Why a request is refused, or undefined. Programs, which send none of these headers, always pass.
 *
 * - A `Host` that is a name other than `localhost` or our own: a page whose name was made to resolve to this machine
 *   (DNS rebinding). Addresses cannot be rebound.
 * - `Sec-Fetch-Site: cross-site` (Fetch Metadata), save for following a link: a page of another site reads or writes.
 * - A writing request with the `Origin` of another page (RFC 6454), and one for a WebSocket, which any page may ask for.
 * @param ownNames names under which this machine is meant to be reached
 * @param readers origins of other pages that may read, `*` for any
 */
export function foreignPageProblem(
  request: IncomingRequest,
  ownNames: ReadonlySet<string>,
  readers: ReadonlySet<string> = NOBODY,
): string | undefined {
  const { method, headers } = request;
  const host = hostnameOf(headers.host ?? 'localhost');
  if (!isAddress(host) && !isLocalhost(host) && !ownNames.has(host)) {
    return `This platform is not called '${host}'. Reach it by its address, or as localhost.`;
  }
  const isReading = READING_METHODS.has(method) && headers.upgrade === undefined;
  const { origin } = headers;
  if (isReading && origin !== undefined && (readers.has(origin) || readers.has('*'))) return undefined;
  if (headers['sec-fetch-site'] === 'cross-site' && !(isReading && headers['sec-fetch-mode'] === 'navigate')) {
    return 'A web page of another site may not use this platform.';
  }
  if (
    !isReading &&
    origin !== undefined &&
    !OWN_SCHEMES.some((scheme) => origin === `${scheme}://${headers.host ?? ''}`)
  ) {
    return `A web page of ${origin} may not change anything on this platform.`;
  }
  return undefined;
}

/** One port may speak both. */
const OWN_SCHEMES = ['http', 'https'];

/** The host without its port: what follows the last colon outside of brackets. */
function hostnameOf(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
}

function isAddress(host: string): boolean {
  return host.startsWith('[') || /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}

function isLocalhost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}
