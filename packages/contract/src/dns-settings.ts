/** Settings of the name server, and where others find it. */
import { Type } from '@sinclair/typebox';

/** By name, as in `ServerConfig`. */
export const dnsSettings = {
  dnsPort: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 65535,
      valueName: 'port',
      description: 'port of DNS, UDP and TCP (default: 8053, or a free one when that is taken; 0: a free one)',
    }),
  ),
  dnsHttpPort: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 65535,
      valueName: 'port',
      description: "port of the name server's HTTP API (default: 8123, or a free one when that is taken)",
    }),
  ),
  dnsDomain: Type.String({
    pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$',
    maxLength: 200,
    default: 'mesos',
    valueName: 'domain',
    description: 'domain under which everything has its name, in lower case',
  }),
  dnsZones: Type.Optional(
    Type.String({
      valueName: 'zones',
      description:
        'zones of further clusters, with spaces between, e.g. "eu.mesos=http://10.1.0.1:5050,http://10.1.0.2:5050"',
    }),
  ),
  dnsSplits: Type.Optional(
    Type.String({
      valueName: 'rules',
      description:
        'clients that only get near addresses, where there are some, e.g. "10.1.0.0/16=10.1.0.0/16,10.9.0.0/16"',
    }),
  ),
  dnsWorkers: Type.Integer({
    minimum: 0,
    maximum: 64,
    default: 0,
    valueName: 'count',
    description: 'processes that answer DNS (0: this one does; more need a --dns-port)',
  }),
  dnsResolvers: Type.Optional(
    Type.String({
      valueName: 'addresses',
      description: 'name servers for all other names, IP or IP:port, with commas (default: those of this machine)',
    }),
  ),
  dnsTlsPort: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 65535, valueName: 'port', description: 'port of DNS over TLS' }),
  ),
  dnsTlsCert: Type.Optional(
    Type.String({ minLength: 1, valueName: 'file', description: 'certificate for DNS over TLS, PEM' }),
  ),
  dnsTlsKey: Type.Optional(Type.String({ minLength: 1, valueName: 'file', description: 'its key, PEM' })),
  dnsUrl: Type.Optional(
    Type.String({
      minLength: 1,
      valueName: 'url',
      description: "the name server's HTTP API, for the console's page of names, e.g. http://10.0.0.5:8123",
    }),
  ),
};
