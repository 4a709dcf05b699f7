/** One HTTP call: builds the address, reads the answer, and turns every failure into an error that says what to do. */
import { PlatformError } from '@stadion/base';
import type { TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { ErrorAnswer } from '../orchestrator/answers.ts';
import { ApiError } from './api-error.ts';
import { limits } from './limits.ts';

/** The part of the global `fetch` that is needed. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Whom a client talks to. */
export interface Peer {
  /** E.g. `orchestrator`; the codes of errors begin with it. */
  readonly role: string;
  /** E.g. `http://127.0.0.1:8080`. */
  readonly baseUrl: string;
  readonly fetch: Fetch;
  /** What a person can do when nobody answers, as a sentence. */
  readonly advice: string;
  /** Sent with every call. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Members of a query; an array is repeated, what is undefined is left out. */
export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
type QueryValue = string | number | boolean | undefined;

/** One call. `path` may have `{name}` placeholders, filled from `params`. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * Makes the call and gives its successful answer, the body not yet read.
 * @throws ApiError when refused; PlatformError `<role>-unreachable` when nobody answers
 */
export async function send(peer: Peer, call: Call, accept: string): Promise<Response> {
  const url = urlOf(peer.baseUrl, call);
  const headers: Record<string, string> = { ...peer.headers, accept };
  if (call.body !== undefined) headers['content-type'] = 'application/json';
  let response: Response;
  try {
    response = await peer.fetch(url, {
      method: call.method,
      headers,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
  } catch (error) {
    throw failure(peer, call, error);
  }
  if (response.ok) return response;
  const text = await readText(peer, call, response);
  throw new ApiError(response.status, errorAnswer(response.status, text), `${call.method} ${call.path}`);
}

/**
 * Makes the call and gives the answer's value: parsed JSON, a text where `schemas` say so, or null for an empty body.
 * Only its outermost shape is checked: an older or newer peer may know other members.
 * @throws ApiError when refused; PlatformError `<role>-unreachable` or `<role>-answer-unexpected`
 */
export async function request(peer: Peer, call: Call, schemas: readonly TSchema[]): Promise<unknown> {
  const isText = schemas.some((schema) => schema.type === 'string');
  const response = await send(peer, call, isText ? 'text/plain, application/json;q=0.5' : 'application/json');
  const text = await readText(peer, call, response);
  if (text === '') return null;
  const value = parseJson(text);
  if (isText && typeof value !== 'string') return text;
  if (!schemas.some((schema) => resembles(schema, value))) {
    throw new PlatformError(
      `${peer.role}-answer-unexpected`,
      `What answers at ${peer.baseUrl} does not look like an ${peer.role}: ${call.method} ${call.path} gave ` +
        `${JSON.stringify(text.slice(0, limits.excerptCharacters))}. ${peer.advice}`,
      { details: { status: response.status } },
    );
  }
  return value;
}

/** The address of a call. @throws PlatformError `parameter-invalid` for a parameter that would climb out of its place */
function urlOf(baseUrl: string, call: Call): string {
  const path = call.path.replace(/\{(\w+)\}/g, (_placeholder, name: string) =>
    encodeParameter(name, call.params?.[name] ?? ''),
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(call.query ?? {})) {
    for (const one of [value].flat()) if (one !== undefined) query.append(name, String(one));
  }
  const text = query.toString();
  return `${baseUrl.replace(/\/+$/, '')}${path}${text === '' ? '' : `?${text}`}`;
}

/** Ids keep their slashes. URL parsers resolve dot segments even when they are escaped, so these are refused here. */
function encodeParameter(name: string, value: string): string {
  const segments = value.split('/').filter((segment) => segment !== '');
  if (segments.length === 0 || segments.some((segment) => segment === '.' || segment === '..')) {
    throw new PlatformError(
      'parameter-invalid',
      `'${value}' cannot be used as ${name}. Give a whole id such as /shop.`,
    );
  }
  return segments.map(encodeURIComponent).join('/');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether a value has the outermost kind of a schema and, for an object, at least one of its required members. */
function resembles(schema: TSchema, value: unknown): boolean {
  const alternatives = schema.anyOf as TSchema[] | undefined;
  if (alternatives !== undefined) return alternatives.some((alternative) => resembles(alternative, value));
  if (schema.type === 'array') return Array.isArray(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return schema.type === typeof value;
  const required = schema.required as string[] | undefined;
  return required === undefined || required.length === 0 || required.some((member) => member in value);
}

function errorAnswer(status: number, text: string): ErrorAnswer {
  const value = parseJson(text);
  if (Value.Check(ErrorAnswer, value)) return value;
  const excerpt = text.slice(0, limits.excerptCharacters).trim();
  return { message: excerpt === '' ? `HTTP status ${status}` : `HTTP status ${status}: ${excerpt}` };
}

async function readText(peer: Peer, call: Call, response: Response): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const parts: string[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.byteLength;
      if (size > limits.answerBytes) {
        await reader.cancel();
        throw new PlatformError(
          `${peer.role}-answer-unexpected`,
          `The answer to ${call.method} ${call.path} is larger than ${limits.answerBytes} bytes. Ask for less at once.`,
        );
      }
      parts.push(decoder.decode(value, { stream: true }));
    }
  } catch (error) {
    throw error instanceof PlatformError ? error : failure(peer, call, error);
  }
  parts.push(decoder.decode());
  return parts.join('');
}

/** Why a call or stream broke: the caller's own cancellation as it is, anything else as `<role>-unreachable`. */
export function failure(peer: Peer, call: Call, error: unknown): unknown {
  if (call.signal?.aborted === true) return call.signal.reason;
  return new PlatformError(`${peer.role}-unreachable`, `No ${peer.role} answers at ${peer.baseUrl}. ${peer.advice}`, {
    details: { baseUrl: peer.baseUrl },
    retryable: true,
    cause: error,
  });
}
