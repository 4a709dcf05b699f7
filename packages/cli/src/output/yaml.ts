/** Answers as YAML, safe on a terminal and still exact. Loaded where somebody wants that form: its library is large. */
import { Document, visit } from 'yaml';
import { isUnsafe, safeDocument } from '../core/safe-text.ts';

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
