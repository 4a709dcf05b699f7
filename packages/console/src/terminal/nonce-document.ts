/**
 * The document as the terminal's library sees it. What it makes has to pass the content security policy: style elements get
 * the page's number, and styles are set as properties, where the library would write them as an attribute.
 */
import { styleNonce } from '../data/style-nonce.ts';

/** Made of this page's document. */
export function nonceDocument(): Document {
  return new Proxy(document, {
    get(target, name): unknown {
      if (name === 'createElement') return createElement;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}

function createElement(name: string): HTMLElement {
  const element = document.createElement(name);
  if (element instanceof HTMLStyleElement) element.nonce = styleNonce();
  if (element instanceof HTMLSpanElement) element.setAttribute = setAttribute;
  return element;
}

function setAttribute(this: HTMLElement, name: string, value: string): void {
  if (name === 'style') this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}
