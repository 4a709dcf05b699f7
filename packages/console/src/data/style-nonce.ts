/** The number by which the content security policy knows the styles that parts make while running. */

/** The number of this page. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}

/** Tells it to the parts that look for it where bundlers used to put it. */
export function allowOwnStyles(): void {
  Object.assign(globalThis, { __webpack_nonce__: styleNonce() });
}
