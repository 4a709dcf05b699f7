/**
 * What the terminal's library makes has to pass the content security policy. It makes elements by the page's document and
 * offers no place for the page's number, so the document is told: style elements get the number, and the style of a span,
 * which the library writes as an attribute, is set as properties, to the same effect.
 */
import { styleNonce } from '../data/style-nonce.ts';

let isTold = false;

/** Once, before the first terminal is made. */
export function allowTerminalStyles(): void {
  if (isTold) return;
  isTold = true;
  const make: unknown = Reflect.get(document, 'createElement');
  if (typeof make !== 'function') return;
  const createElement = (...words: readonly unknown[]): unknown => {
    const element: unknown = Reflect.apply(make, document, words);
    if (element instanceof HTMLStyleElement) element.nonce = styleNonce();
    if (element instanceof HTMLSpanElement) element.setAttribute = setAttribute;
    return element;
  };
  Reflect.set(document, 'createElement', createElement);
}

function setAttribute(this: HTMLElement, name: string, value: string): void {
  if (name === 'style') this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}
