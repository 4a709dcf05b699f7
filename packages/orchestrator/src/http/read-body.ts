/** Reads JSON bodies, whatever content type they claim to have. */
import { Buffer } from 'node:buffer';
import type { FastifyRequest } from 'fastify';
import { cleanJson, type Json } from '../core/app/json.ts';
import { failure, type Answer } from './answer.ts';

/** The body, or the answer that says why it is none. */
export type ReadBody<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly answer: Answer };

/** A JSON object. */
export type JsonObject = Readonly<Record<string, Json>>;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A body that must be a JSON object. */
export function readObject(request: FastifyRequest): ReadBody<JsonObject> {
  const body = readJson(request);
  if (!body.ok) return body;
  const { value } = body;
  if (typeof value === 'object' && value !== null && !isList(value)) return { ok: true, value };
  return wrongTop('expected a JSON object');
}

/** A body that must be a JSON list. */
export function readList(request: FastifyRequest): ReadBody<readonly Json[]> {
  const body = readJson(request);
  if (!body.ok) return body;
  return isList(body.value) ? { ok: true, value: body.value } : wrongTop('expected a JSON array');
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function wrongTop(details: string): ReadBody<never> {
  return { ok: false, answer: failure(400, { message: 'Please specify data in JSON format', details }) };
}

function readJson(request: FastifyRequest): ReadBody<Json> {
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  try {
    const cleaned = cleanJson(JSON.parse(utf8.decode(bytes)));
    return cleaned.ok ? cleaned : broken(cleaned.reason);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return broken(error.message);
    throw error;
  }
}

function broken(details: string): ReadBody<never> {
  return { ok: false, answer: failure(400, { message: 'Invalid JSON', details }) };
}
