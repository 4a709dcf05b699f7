/** A command inside a task, or the task's own, from a page: the frames that the command line sends, in the messages of a WebSocket. */
import {
  CHANNEL,
  encodeAttachQuery,
  encodeFrame,
  encodeSessionQuery,
  FrameReader,
} from '@stadion/contract/task-session';
import type { TerminalSize } from './terminal-size.ts';

/** What a session tells. */
export interface SessionListener {
  readonly onOpen: () => void;
  readonly onOutput: (bytes: Uint8Array) => void;
  /** Once: the command's end, or why there is no session, in a sentence. */
  readonly onEnd: (sentence: string) => void;
}

/** An open session. */
export interface TaskSession {
  type(text: string): void;
  resize(size: TerminalSize): void;
  /** Ends the command as well, if it was begun here. */
  close(): void;
}

/**
 * Nothing secret is in the address: who asks is known by what the browser shows with every request.
 * @param argv what to run inside the task; none: its own command, which has to have a terminal
 */
export function openTaskSession(
  taskId: string,
  argv: readonly string[],
  size: TerminalSize,
  listener: SessionListener,
): TaskSession {
  const what =
    argv.length === 0
      ? `attach?${encodeAttachQuery({ wantsInput: true, terminal: size })}`
      : `exec?${encodeSessionQuery({ argv, terminal: size })}`;
  const url = new URL(`/v2/tasks/${encodeURIComponent(taskId)}/${what}`, globalThis.location.origin);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  let ended: string | undefined;
  const reader = new FrameReader((channel, payload) => {
    if (channel === CHANNEL.stdout || channel === CHANNEL.stderr) listener.onOutput(payload.slice());
    if (channel === CHANNEL.exit) ended = endOf(payload);
  });
  const send = (channel: number, text: string): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(new Uint8Array(encodeFrame(channel, encoder.encode(text))));
  };
  socket.addEventListener('open', listener.onOpen);
  socket.addEventListener('message', ({ data }) => {
    if (data instanceof ArrayBuffer && !reader.push(new Uint8Array(data))) socket.close();
  });
  socket.addEventListener('close', ({ reason }) => {
    listener.onEnd(ended ?? (reason === '' ? 'The connection was refused or broke off.' : reason));
  });
  return {
    type: (text) => send(CHANNEL.stdin, text),
    resize: (wanted) => send(CHANNEL.resize, JSON.stringify(wanted)),
    close: () => socket.close(),
  };
}

const encoder = new TextEncoder();

function endOf(payload: Uint8Array): string {
  const value: unknown = JSON.parse(new TextDecoder().decode(payload));
  const isCode = typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'number';
  return isCode ? `The command ended with status ${String(value.code)}.` : 'The command ended.';
}
