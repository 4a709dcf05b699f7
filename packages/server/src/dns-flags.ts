/** Settings of the name server that are lists in one text: zones of further clusters, and who sees which addresses. */
import { PlatformError } from '@stadion/base';

/** A further cluster. */
export interface FurtherZone {
  readonly domain: string;
  readonly masters: readonly string[];
}

/** Clients in some networks, and the networks whose addresses they get where a name has any there. */
export interface Split {
  readonly clients: readonly string[];
  readonly prefer: readonly string[];
}

const DOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/**
 * Reads `eu.mesos=http://10.1.0.1:5050,http://10.1.0.2:5050 us.mesos=…`.
 * @param own the domain of the cluster that needs no mention here
 * @throws PlatformError `dns-zones-invalid`
 */
export function readZones(text: string, own: string): FurtherZone[] {
  const zones = rulesIn(text).map(([domain, list]): FurtherZone => {
    if (!DOMAIN.test(domain)) throw wrongZones(`'${domain}' is not a domain in lower case`);
    if (list.length === 0) throw wrongZones(`'${domain}' has no master`);
    const masters = list.map((master) => {
      const url = /^https?:\/\//.test(master) ? master : `http://${master}`;
      if (!URL.canParse(url)) throw wrongZones(`'${master}' is not the address of a master`);
      return new URL(url).origin;
    });
    return { domain, masters };
  });
  const domains = [own, ...zones.map(({ domain }) => domain)];
  const twice = domains.find((domain, index) => domains.indexOf(domain) !== index);
  if (twice !== undefined) throw wrongZones(`'${twice}' is there twice`);
  return zones;
}

/**
 * Reads `10.1.0.0/16=10.1.0.0/16,10.9.0.0/16 192.168.0.0/16=…`: clients, then what they get.
 * @param isNetwork tells a network such as `10.1.0.0/16` from other texts
 * @throws PlatformError `dns-splits-invalid`
 */
export function readSplits(text: string, isNetwork: (text: string) => boolean): Split[] {
  return rulesIn(text).map(([clients, prefer]) => {
    const split = { clients: listIn(clients), prefer };
    if (split.clients.length === 0 || prefer.length === 0) throw wrongSplits(`'${clients}=' says only half`);
    const bad = [...split.clients, ...prefer].find((network) => !isNetwork(network));
    if (bad !== undefined) throw wrongSplits(`'${bad}' is not a network`);
    return split;
  });
}

function rulesIn(text: string): [string, string[]][] {
  return text
    .split(/\s+/)
    .filter((rule) => rule !== '')
    .map((rule) => {
      const [left = '', ...right] = rule.split('=');
      return [left, listIn(right.join('='))];
    });
}

function listIn(text: string): string[] {
  return text.split(',').filter((part) => part !== '');
}

function wrongZones(problem: string): PlatformError {
  const form = 'Write them as eu.mesos=http://10.1.0.1:5050,http://10.1.0.2:5050 with spaces between zones.';
  return new PlatformError('dns-zones-invalid', `--dns-zones: ${problem}. ${form}`);
}

function wrongSplits(problem: string): PlatformError {
  const form = 'Write rules as 10.1.0.0/16=10.1.0.0/16,10.9.0.0/16 with spaces between them.';
  return new PlatformError('dns-splits-invalid', `--dns-splits: ${problem}. ${form}`);
}
