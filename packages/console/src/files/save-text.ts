/** Gives a text to the browser to be kept as a file. */
import { time } from '../data/browser-time.ts';

/** So long the text is held for the browser to take it. */
const HELD_MS = 10_000;

/** @param name of the file */
export function saveText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  time.after(HELD_MS, () => {
    URL.revokeObjectURL(url);
  });
}
