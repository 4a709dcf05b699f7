/** What handlers give back: a value, not calls on a reply. Sending is done in one place. */
import type { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';
import type { Sight } from '@stadion/contract/permissions';
import type { ErrorAnswer, Violation } from '@stadion/contract/orchestrator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Rejection } from '../engine.ts';
import type { PathParameters } from './route-table.ts';

/** A request whose route has been found. */
export interface Call {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly parameters: PathParameters;
  readonly query: URLSearchParams;
  /** What the caller sees: handlers of filtered routes are given a view that has nothing else. */
  readonly sight: Sight;
}

/** The body of an answer. */
export type AnswerBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'text'; readonly text: string; readonly contentType: string }
  /** Bytes as they are; the headers say what they are and how they are packed. */
  | { readonly kind: 'bytes'; readonly bytes: Buffer | Readable }
  /** JSON in pieces: long lists are sent as they are made, and others get the event loop in between. */
  | { readonly kind: 'pieces'; readonly pieces: Iterable<string> }
  /** The handler has taken over the socket. */
  | { readonly kind: 'taken' };

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: AnswerBody;
}

/** Handles the calls of one route. */
export type Handler = (call: Call) => Promise<Answer> | Answer;

/** A JSON answer. */
export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers, body: { kind: 'json', value } };
}

/** A JSON answer whose text comes in pieces. */
export function pieces(status: number, texts: Iterable<string>): Answer {
  return { status, body: { kind: 'pieces', pieces: texts } };
}

/** An error in the API's one shape. */
export function failure(status: number, error: ErrorAnswer, headers: Readonly<Record<string, string>> = {}): Answer {
  return json(status, error, headers);
}

const LOCKED =
  "App is locked by one or more deployments. Override with the option '?force=true'. " +
  "View details at '/v2/deployments/<DEPLOYMENT_ID>'.";

/** The answer to a command that was not carried out. */
export function rejection(reason: Rejection): Answer {
  switch (reason.kind) {
    case 'bad-request':
      return failure(400, { message: reason.message });
    case 'not-found':
      return failure(404, { message: reason.message });
    case 'not-permitted':
      return failure(403, { message: reason.message });
    case 'exists':
      return failure(409, { message: reason.message });
    case 'locked':
      return failure(409, { message: LOCKED, deployments: reason.deploymentIds.map((id) => ({ id })) });
    case 'invalid':
      return failure(
        422,
        reason.violations === undefined
          ? { message: reason.message }
          : { message: reason.message, details: [...reason.violations] },
      );
    case 'too-many-deployments':
      return failure(403, {
        message:
          `Max number (${String(reason.limit)}) of running deployments is reached. ` +
          'Wait until one has ended, or cancel one.',
      });
    case 'stale-plan':
      return failure(412, { message: reason.message });
    case 'held-back':
      return failure(423, { message: reason.message });
    case 'unavailable':
      return failure(503, { message: reason.message });
  }
}

/** 422: the body is JSON, but not of the right shape. */
export function invalidJson(violations: readonly Violation[]): Answer {
  return failure(422, { message: 'Invalid JSON', details: [...violations] });
}
