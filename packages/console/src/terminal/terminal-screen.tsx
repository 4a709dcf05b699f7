/** The terminal itself. */
import { useEffect, useRef } from 'react';
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { openTaskSession } from './task-session.ts';
import { allowTerminalStyles } from './terminal-styles.ts';
import styles from './terminal.module.css';

const SCROLLBACK_LINES = 5_000;

/** Runs a command inside a task, or is at its own, until that ends or this goes away. */
export function TerminalScreen({
  taskId,
  argv,
  onEnd,
  onLeave,
}: {
  readonly taskId: string;
  readonly argv: readonly string[];
  readonly onEnd: (sentence: string) => void;
  /** The keyboard is to go elsewhere: F6. */
  readonly onLeave: () => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const told = useRef({ onEnd, onLeave });
  useEffect(() => {
    told.current = { onEnd, onLeave };
  });
  const command = argv.join('\0');

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    allowTerminalStyles();
    const terminal = new Terminal({
      ...looksOf(element),
      scrollback: SCROLLBACK_LINES,
      cursorBlink: false,
    });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.open(element);
    fit.fit();
    let isGone = false;
    const session = openTaskSession(taskId, command === '' ? [] : command.split('\0'), sizeOf(terminal), {
      onOpen: () => terminal.focus(),
      onOutput: (bytes) => terminal.write(bytes),
      onEnd: (sentence) => {
        terminal.options.disableStdin = true;
        if (!isGone) told.current.onEnd(sentence);
      },
    });
    terminal.onData((text) => session.type(text));
    terminal.onResize(({ rows, cols }) => session.resize({ rows, columns: cols }));
    terminal.attachCustomKeyEventHandler((event) => {
      if (event.key !== 'F6') return true;
      if (event.type === 'keydown') told.current.onLeave();
      return false;
    });
    const observer = new ResizeObserver(() => fit.fit());
    observer.observe(element);
    return () => {
      isGone = true;
      observer.disconnect();
      session.close();
      terminal.dispose();
    };
  }, [taskId, command]);

  return <div ref={place} className={styles['screen']} />;
}

function sizeOf({ rows, cols }: Terminal): { readonly rows: number; readonly columns: number } {
  return { rows, columns: cols };
}

/** By the design's tokens, as they are when the terminal opens. */
function looksOf(element: HTMLElement) {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    fontFamily: token('--font-mono'),
    fontSize: 13,
    minimumContrastRatio: 4.5,
    theme: {
      background: token('--surface-sunken'),
      foreground: token('--ink'),
      cursor: token('--ink'),
      cursorAccent: token('--surface-sunken'),
      selectionBackground: token('--line-strong'),
    },
  };
}
