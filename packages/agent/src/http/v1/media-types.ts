/**
 * In which form a call of the agent's API comes and its answer goes: JSON or protobuf, whole or as a stream of records, by
 * Mesos's rules (`Http::api` of its agent).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { acceptedCodec, accepts, codecOf, mediaType, type Codec } from '@stadion/contract/mesos-wire';
import type { Refusal } from './refusal.ts';

/** A stream of records, each a message. */
export const RECORD_IO = 'application/recordio';

/** What was agreed on. */
export interface MediaTypes {
  /** Of the call, or of each record of it. */
  readonly call: Codec;
  /** Of the answer, or of each record of it. */
  readonly answer: Codec;
  /** Whether the caller wants a stream of records and calls it so; one that only accepts JSON gets records under that name. */
  readonly wantsRecords: boolean;
}

/** @returns what is agreed on, or why there is nothing */
export function agreeOn(headers: IncomingHttpHeaders): MediaTypes | Refusal {
  const call = formOfCall(headers);
  if ('status' in call) return call;
  const answer = formOfAnswer(headers);
  return 'status' in answer ? answer : { ...call, ...answer };
}

function formOfCall(headers: IncomingHttpHeaders): Pick<MediaTypes, 'call'> | Refusal {
  const type = mediaType(headers['content-type']);
  if (type === undefined) return { status: 400, message: `Expecting 'Content-Type' to be present` };
  const inner = oneOf(headers['message-content-type']);
  if (type === RECORD_IO) {
    if (inner === undefined) {
      return { status: 400, message: `Expecting 'Message-Content-Type' to be set for streaming requests` };
    }
    const codec = codecOf(inner);
    return codec === undefined
      ? { status: 415, message: `Expecting 'Message-Content-Type' of application/json or application/x-protobuf` }
      : { call: codec };
  }
  const codec = codecOf(type);
  if (codec === undefined) {
    const known = `application/json or application/x-protobuf or ${RECORD_IO}`;
    return { status: 415, message: `Expecting 'Content-Type' of ${known}` };
  }
  return inner === undefined
    ? { call: codec }
    : { status: 415, message: `Expecting 'Message-Content-Type' to be not set for non-streaming requests` };
}

function formOfAnswer(headers: IncomingHttpHeaders): Pick<MediaTypes, 'answer' | 'wantsRecords'> | Refusal {
  const inner = oneOf(headers['message-accept']);
  const whole = acceptedCodec(headers.accept);
  if (whole !== undefined) {
    return inner === undefined
      ? { answer: whole, wantsRecords: false }
      : { status: 406, message: `Expecting 'Message-Accept' to be not set for non-streaming responses` };
  }
  if (!accepts(headers.accept, RECORD_IO)) {
    const known = `application/json or application/x-protobuf or ${RECORD_IO}`;
    return { status: 406, message: `Expecting 'Accept' to allow ${known}` };
  }
  const codec = acceptedCodec(inner);
  return codec === undefined
    ? { status: 406, message: `Expecting 'Message-Accept' to allow application/json or application/x-protobuf` }
    : { answer: codec, wantsRecords: true };
}

/** The headers of an answer that is a stream of records. */
export function streamHeaders({ answer, wantsRecords }: MediaTypes): Readonly<Record<string, string>> {
  return wantsRecords
    ? { 'content-type': RECORD_IO, 'message-content-type': answer.mediaType }
    : { 'content-type': answer.mediaType };
}

function oneOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.at(-1) : header;
}
