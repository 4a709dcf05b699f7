/** `/v1/config` with the keys of Mesos-DNS, in its order. It showed the master's secret there; here nothing is secret. */
import type { Dns } from '../dns.ts';

/** The document. Members that have no counterpart here have the value that Mesos-DNS has for "not used". */
export function configJson(dns: Dns): Readonly<Record<string, unknown>> {
  const { config } = dns;
  const [zone] = dns.zones();
  return {
    RefreshSeconds: config.refreshSeconds,
    Port: dns.port,
    Timeout: 2,
    StateTimeoutSeconds: 30,
    ZkDetectionTimeout: 0,
    HttpPort: 0,
    TTL: config.ttl,
    SRVRecordDefaultWeight: config.srvWeight,
    SOASerial: zone?.serial ?? 0,
    SOARefresh: config.soaRefresh,
    SOARetry: config.soaRetry,
    SOAExpire: config.soaExpire,
    SOAMinttl: config.ttl,
    SOAMname: `${zone?.settings.mname ?? ''}.`,
    SOARname: `${zone?.settings.rname ?? ''}.`,
    Masters: config.clusters.flatMap(({ masters }) => masters.map((url) => url.replace(/^https?:\/\//, ''))),
    ZoneResolvers: config.zoneResolvers,
    Resolvers: config.resolvers,
    IPSources: config.ipSources,
    Zk: '',
    Domain: zone?.settings.domain ?? '',
    File: '',
    Listener: config.bindAddress,
    HTTPListener: config.bindAddress,
    RecurseOn: true,
    DnsOn: true,
    HttpOn: true,
    ExternalOn: config.resolvers.length > 0,
    EnforceRFC952: config.enforceRfc952,
    SetTruncateBit: true,
    EnumerationOn: config.enumeration,
    MesosHTTPSOn: false,
    CACertFile: '',
    CertFile: '',
    KeyFile: '',
    MesosCredentials: { Principal: '', Secret: '' },
    IAMConfigFile: '',
    MesosAuthentication: '',
  };
}
