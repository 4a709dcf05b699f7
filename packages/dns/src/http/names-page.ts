/** `/v1/names`: a zone page by page, for whoever looks through very many names. */
import { DNS_PAGE_NAMES_MAX, type DnsNames, type DnsNamesQuery } from '@stadion/contract/dns';
import type { NameChange } from '../core/record-book.ts';
import type { Dns } from '../dns.ts';

const PAGE_NAMES = 100;

/** The page; `unknown` where there is no such zone, or a sentence that says what is wrong. */
export function namesPage(dns: Dns, request: DnsNamesQuery): DnsNames | 'unknown' | { readonly wrong: string } {
  const { zone: domain, text = '', after, limit = PAGE_NAMES } = request;
  if (!Number.isInteger(limit) || limit < 1 || limit > DNS_PAGE_NAMES_MAX) {
    return { wrong: `limit must be a whole number from 1 to ${String(DNS_PAGE_NAMES_MAX)}.` };
  }
  const zones = dns.zones();
  const zone = domain === undefined ? zones[0] : zones.find(({ settings }) => settings.domain === domain);
  if (zone === undefined) return 'unknown';
  const wanted = text.toLowerCase();
  let total = 0;
  let first: NameChange[] = [];
  for (const entry of zone.keeper.book.all()) {
    if (!matches(entry, wanted)) continue;
    total += 1;
    if (after !== undefined && entry.name <= after) continue;
    first.push(entry);
    // All of them sorted would hold up the answers of a large zone.
    if (first.length > limit * 4) first = smallest(first, limit + 1);
  }
  const names = smallest(first, limit + 1);
  const last = names.length > limit ? names[limit - 1]?.name : undefined;
  return {
    zone: zone.settings.domain,
    serial: zone.serial,
    total,
    names: names.slice(0, limit).map(({ name, addresses, targets }) => {
      return { name, addresses: [...addresses], targets: [...targets] };
    }),
    ...(last !== undefined && { next: last }),
  };
}

function matches({ name, addresses, targets }: NameChange, wanted: string): boolean {
  // Most pages are of all.
  return wanted === '' || [name, ...addresses, ...targets].some((text) => text.toLowerCase().includes(wanted));
}

function smallest(entries: NameChange[], count: number): NameChange[] {
  return entries.sort((one, other) => (one.name < other.name ? -1 : 1)).slice(0, count);
}
