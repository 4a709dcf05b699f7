/** Answers for programs: JSON and YAML, safe on a terminal and still exact. */
import { Document, visit } from 'yaml';
import { isUnsafe, safeDocument } from '../core/safe-text.ts';

/** Indented JSON with a line end. Characters that could control a terminal are written as escapes. */
export function toJson(value: unknown): string {
  return `${safeDocument(JSON.stringify(value, undefined, 2))}\n`;
}

/** One line of JSON with a line end, for streams. */
export function toJsonLine(value: unknown): string {
  return `${safeDocument(JSON.stringify(value))}\n`;
}

/** YAML. Texts with characters that could control a terminal are quoted, and these written as escapes. */
export function toYaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && isUnsafe(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return safeDocument(document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER }));
}
