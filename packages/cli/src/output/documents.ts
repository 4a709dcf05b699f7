/** Answers for programs as JSON, safe on a terminal and still exact. */
import { safeDocument } from '../core/safe-text.ts';

/** Indented JSON with a line end. Characters that could control a terminal are written as escapes. */
export function toJson(value: unknown): string {
  return `${safeDocument(JSON.stringify(value, undefined, 2))}\n`;
}

/** One line of JSON with a line end, for streams. */
export function toJsonLine(value: unknown): string {
  return `${safeDocument(JSON.stringify(value))}\n`;
}
