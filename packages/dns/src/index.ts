/** Names for everything that runs: a DNS server that follows clusters. */
export { parseSubnet } from './core/ip-address.ts';
export { dnsConfig, readIpSources, type ClusterSource, type DnsConfig } from './config.ts';
export { Dns, type DnsParts } from './dns.ts';
export { createDnsHttp } from './http/dns-http.ts';
