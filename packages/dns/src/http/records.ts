/** Records as Mesos-DNS lists them over HTTP. */
import type { DnsEnumeration, DnsHosts, DnsServices, DnsZone } from '@stadion/contract/dns';
import { recordsOfTask } from '../core/zone-keeper.ts';
import type { Dns, ServedZone } from '../dns.ts';
import { formatAddress } from '../core/ip-address.ts';
import { keyOfName, nameOfKey } from '../wire/name-key.ts';
import type { AddressList, NameEntry } from '../wire/zone-table.ts';

/** IPv4 first. An unknown name gives one element of empty texts. */
export function hosts(dns: Dns, name: string): DnsHosts {
  const host = dotted(name);
  const found = addressesOf(find(dns, name)).map((ip) => ({ host, ip }));
  return found.length === 0 ? [{ host: '', ip: '' }] : found;
}

/** One element for each address of each target, at most one of each family. */
export function services(dns: Dns, name: string): DnsServices {
  const found = (find(dns, name)?.srv ?? []).flatMap(({ port, target }) => {
    const entry = dns.names.table.find(target);
    const [v4] = texts(entry?.a, 4);
    const [v6] = texts(entry?.aaaa, 16);
    const host = `${nameOfKey(target)}.`;
    return [v4, v6].filter((ip) => ip !== undefined).map((ip) => ({ service: name, host, ip, port: String(port) }));
  });
  return found.length === 0 ? [{ service: '', host: '', ip: '', port: '' }] : found;
}

/** The records of running tasks. A record that several share is listed under the first. */
export function enumeration(dns: Dns): DnsEnumeration {
  const seen = new Set<string>();
  const frameworks = new Map<string, DnsEnumeration['frameworks'][number]>();
  for (const { keeper } of dns.zones()) {
    for (const task of keeper.tasks.values()) {
      const name = keeper.frameworkName(task);
      const framework = frameworks.get(name) ?? { tasks: [], name };
      frameworks.set(name, framework);
      const records = recordsOfTask(keeper, task.id).flatMap(({ name: owner, type, value }) => {
        const id = `${owner} ${type} ${value}`;
        if (seen.has(id)) return [];
        seen.add(id);
        return [{ name: `${owner}.`, host: type === 'SRV' ? srvText(value) : value, rtype: type }];
      });
      if (records.length > 0) framework.tasks.push({ name: task.name, id: task.id, records });
    }
  }
  return { frameworks: [...frameworks.values()] };
}

/** A whole zone; undefined when there is no such zone. */
export function zoneJson(dns: Dns, domain: string | undefined): DnsZone | undefined {
  const zones = dns.zones();
  const zone = domain === undefined ? zones[0] : zones.find(({ settings }) => `${settings.domain}.` === dotted(domain));
  if (zone === undefined) return undefined;
  const { settings, serial } = zone;
  return {
    TTL: settings.ttl,
    Serial: serial,
    RefreshSeconds: dns.config.refreshSeconds,
    Mname: `${settings.mname}.`,
    Rname: `${settings.rname}.`,
    Domain: settings.domain,
    Records: recordsOfZone(zone),
  };
}

function recordsOfZone({ keeper }: ServedZone): DnsZone['Records'] {
  const records: DnsZone['Records'] = { As: {}, AAAAs: {}, SRVs: {} };
  for (const { name, addresses, targets } of keeper.book.all()) {
    const v4 = addresses.filter((address) => !address.includes(':'));
    const v6 = addresses.filter((address) => address.includes(':'));
    if (v4.length > 0) records.As[`${name}.`] = v4;
    if (v6.length > 0) records.AAAAs[`${name}.`] = v6;
    if (targets.length > 0) records.SRVs[`${name}.`] = targets.map(srvText);
  }
  return records;
}

/** `target:port` with the target's dot. */
function srvText(value: string): string {
  const colon = value.lastIndexOf(':');
  return `${value.slice(0, colon)}.${value.slice(colon)}`;
}

function find(dns: Dns, name: string): NameEntry | undefined {
  const key = keyOfName(name.toLowerCase());
  return key === undefined ? undefined : dns.names.table.find(key);
}

function addressesOf(entry: NameEntry | undefined): string[] {
  return [...texts(entry?.a, 4), ...texts(entry?.aaaa, 16)];
}

function texts(list: AddressList | undefined, size: number): string[] {
  return Array.from({ length: list?.count ?? 0 }, (_, index) => {
    const start = (list?.start ?? 0) + index * size;
    return formatAddress([...(list?.bytes.subarray(start, start + size) ?? [])]);
  });
}

function dotted(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith('.') ? lower : `${lower}.`;
}
