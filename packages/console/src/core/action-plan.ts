/** An action laid out for a person to decide, and the same elsewhere. */

/** A request to the API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
}

/** An action, laid out for a person to decide. */
export interface ActionPlan {
  readonly title: string;
  /** What will happen, as sentences. */
  readonly consequences: readonly string[];
  /** On the button. */
  readonly verb: string;
  readonly isDangerous: boolean;
  /** Several are sent one after the other. */
  readonly request: ApiRequest | readonly ApiRequest[];
  /** The same on the command line; absent where there is no such command. */
  readonly command?: string;
}

/** A request as a line for curl. @param origin e.g. `http://127.0.0.1:8080` */
export function curlLine(origin: string, { method, path, body }: ApiRequest): string {
  const words = ['curl', ...(method === 'GET' ? [] : ['-X', method])];
  if (body !== undefined) words.push('-H', "'Content-Type: application/json'", '-d', quoted(JSON.stringify(body)));
  return [...words, quoted(origin + path)].join(' ');
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w/:.,=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
