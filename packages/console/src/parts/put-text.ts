/** Text that is put into an editor, as opposed to what somebody types there. */
import { Annotation, type EditorState, type Transaction, type TransactionSpec } from '@codemirror/state';

const isPut = Annotation.define<true>();

/** The change that puts a text in place of all that is there. */
export function puttingText(state: EditorState, text: string): TransactionSpec {
  return { changes: { from: 0, to: state.doc.length, insert: text }, annotations: isPut.of(true) };
}

/**
 * Whether somebody changed the text. What was put in is no news to whoever put it in: told of late, it would undo what
 * they have decided since.
 */
export function isTyped(transactions: readonly Transaction[]): boolean {
  return transactions.some((transaction) => transaction.docChanged && transaction.annotation(isPut) === undefined);
}
