/** The settings of the edge, which are part of those of a platform and of `stadion edge`. */
import { Type } from '@sinclair/typebox';
import { stringEnum } from './string-enum.ts';

const text = (valueName: string, description: string) =>
  Type.Optional(Type.String({ minLength: 1, valueName, description }));
const port = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 65535, valueName: 'port', description }));

/** Each setting by its name. Ports have no default here: whether one was asked for decides what happens when it is taken. */
export const edgeSettings = {
  edge: Type.Unsafe<'embedded' | 'haproxy' | 'off'>({
    ...stringEnum(['embedded', 'haproxy', 'off']),
    default: 'embedded',
    valueName: 'plane',
    description: 'what carries requests to apps from outside: embedded (own workers), haproxy before them, or off',
  }),
  edgeHttpPort: port('port of the edge for HTTP (default: 8000, another one where that is taken; 0: a free one)'),
  edgeHttpsPort: port('port of the edge for HTTPS (default: 8443, likewise)'),
  edgeAdminPort: port('port of the edge for its statistics and administration (default: 9090, likewise)'),
  edgeUrl: text('url', "the edge's admin port, for the console's page of routes, e.g. http://10.0.0.5:9090"),
  edgeAppIdPort: port(
    'port of the edge that goes by the header X-Marathon-App-Id, as marathon-lb has it (default: none)',
  ),
  edgeAddress: text('address', 'address that the edge listens on (default: the bind address)'),
  edgeWorkers: Type.Integer({
    minimum: 1,
    maximum: 64,
    default: 2,
    valueName: 'number',
    description: 'worker processes of the embedded edge',
  }),
  edgeDomain: Type.String({
    minLength: 1,
    default: 'localhost',
    valueName: 'domain',
    description: 'domain of apps that have no rule: /shop is reached as shop.<domain>',
  }),
  edgeExposedByDefault: Type.Boolean({
    default: false,
    description: 'expose apps without traefik.enable, too; every app then has a host that can be guessed',
  }),
  edgeGroups: Type.String({
    minLength: 1,
    default: 'external',
    valueName: 'names',
    description: 'groups of marathon-lb (HAPROXY_GROUP) that this edge serves; * serves all apps',
  }),
  edgeServicePorts: Type.Boolean({
    default: false,
    description: 'listen on the service ports of apps with labels of marathon-lb',
  }),
  edgeConstraints: text('list', 'only apps whose traefik.tags satisfy these, e.g. "tag==public,tag!=old"'),
  edgeRoutes: text('file', 'further routes and services, JSON in the shape of Traefik 2; followed as it changes'),
  edgeCertificates: text('dir', 'folder with certificates (NAME.crt and NAME.key); followed as they are renewed'),
  edgeCertificateSecrets: text(
    'names',
    'secrets that each hold a certificate and its key (PEM), e.g. tls/shop,tls/api; followed as they are renewed',
  ),
  edgeClientCa: text('file', 'authority (PEM) that certificates of clients must come from; asks all clients for one'),
  edgeAcme: text(
    'url',
    "certificates for routes that ask for them (tls.certResolver) from this ACME directory; letsencrypt is Let's Encrypt",
  ),
  edgeAcmeEmail: text('address', 'where the authority of --edge-acme writes to'),
  edgeAcmeChallenge: Type.Unsafe<'http-01' | 'tls-alpn-01' | 'dns-01'>({
    ...stringEnum(['http-01', 'tls-alpn-01', 'dns-01']),
    default: 'http-01',
    valueName: 'kind',
    description: 'how the authority sees that a name leads here: http-01 (port 80), tls-alpn-01 (port 443), dns-01',
  }),
  edgeAcmeDnsHook: text(
    'program',
    'for dns-01: called with present or cleanup, the name of a TXT record and its value',
  ),
  edgeTrustedProxies: text('list', 'addresses whose X-Forwarded headers are believed, e.g. 10.0.0.0/8'),
  edgeProxyProtocol: text('list', 'addresses whose PROXY headers are believed'),
  edgeAccessLog: text('target', 'where requests are logged: a file, stdout, or syslog://host:port (default: nowhere)'),
  edgeAccessLogFormat: Type.Unsafe<'json' | 'combined'>({
    ...stringEnum(['json', 'combined']),
    default: 'json',
    valueName: 'format',
    description: 'how requests are logged: json or combined',
  }),
  edgeTraces: text('url', 'collector (OTLP over HTTP) that is sent the spans of requests, e.g. http://127.0.0.1:4318'),
  edgeTracesRatio: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 1,
    valueName: 'share',
    description:
      'of the traces that begin at the edge, how many are kept; those that others began are kept as they say',
  }),
  marathon: text('urls', 'orchestrators that the edge follows, e.g. http://10.0.0.1:8080,http://10.0.0.2:8080'),
} as const;
