/** Real URLs from what a server listens on. */

/** The URL of a listening server; an IPv6 address stands in brackets. */
export function urlOf(bound: { readonly address: string; readonly port: number }): string {
  const host = bound.address.includes(':') ? `[${bound.address}]` : bound.address;
  return `http://${host}:${String(bound.port)}`;
}
