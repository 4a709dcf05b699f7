/** An editor for JSON: highlights, folds, marks what is wrong where it is. */
import { useEffect, useRef } from 'react';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { bracketMatching, foldGutter, foldKeymap, indentOnInput } from '@codemirror/language';
import { lintGutter, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { Compartment, EditorState } from '@codemirror/state';
import { EditorView, drawSelection, keymap, lineNumbers } from '@codemirror/view';
import { styleNonce } from '../data/style-nonce.ts';
import { editorLooks } from './json-editor-looks.ts';
import { isTyped, puttingText } from './put-text.ts';
import styles from './json-editor.module.css';

/** A problem at a place of the text. */
export interface EditorProblem {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

interface JsonEditorProps {
  readonly label: string;
  readonly text: string;
  /** Without it the text can only be read. */
  readonly onChange?: (text: string) => void;
  readonly problems?: readonly EditorProblem[];
}

/** Esc, then Tab leaves the editor; Tab alone does too. */
export function JsonEditor({ label, text, onChange, problems = NO_PROBLEMS }: JsonEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const change = useRef(onChange);
  useEffect(() => {
    change.current = onChange;
  });
  const isReadOnly = onChange === undefined;

  useEffect(() => {
    if (place.current === null) return undefined;
    const readOnly = new Compartment();
    const made = new EditorView({
      parent: place.current,
      doc: '',
      extensions: [
        EditorView.cspNonce.of(styleNonce()),
        lineNumbers(),
        foldGutter(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        json(),
        lintGutter(),
        editorLooks,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': label }),
        readOnly.of([EditorState.readOnly.of(isReadOnly)]),
        keymap.of([...defaultKeymap, ...historyKeymap, ...foldKeymap]),
        EditorView.updateListener.of((update) => {
          if (isTyped(update.transactions)) change.current?.(update.state.doc.toString());
        }),
      ],
    });
    // Long texts scroll by keyboard too, where nothing can be written.
    made.scrollDOM.tabIndex = 0;
    view.current = made;
    return () => {
      made.destroy();
      view.current = undefined;
    };
  }, [label, isReadOnly]);

  useEffect(() => {
    const editor = view.current;
    // What was typed here comes back as it is: only what others changed is put in.
    if (editor === undefined || editor.state.doc.toString() === text) return;
    editor.dispatch(puttingText(editor.state, text));
  }, [text, label, isReadOnly]);

  useEffect(() => {
    const editor = view.current;
    if (editor === undefined) return;
    const end = editor.state.doc.length;
    const diagnostics = problems.map(({ from, to, message }): Diagnostic => ({
      from: Math.min(from, end),
      to: Math.min(to, end),
      message,
      severity: 'error',
    }));
    editor.dispatch(setDiagnostics(editor.state, diagnostics));
  }, [problems, text]);

  return <div ref={place} className={styles['editor']} data-read-only={isReadOnly ? true : undefined} />;
}

const NO_PROBLEMS: readonly EditorProblem[] = [];
