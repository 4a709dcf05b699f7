/**
 * Label sets as people wrote them for Traefik 1, Traefik 2 and marathon-lb (from manuals, guides and questions), and which
 * requests each takes. `steps` are the kinds of middlewares on the way.
 */

/** One set. */
export interface CorpusEntry {
  readonly name: string;
  readonly id: string;
  readonly labels: Record<string, string>;
  /** `METHOD host/path`, or `entryPoint METHOD host/path`. */
  readonly takes: readonly string[];
  readonly leaves: readonly string[];
  readonly steps?: readonly string[];
  readonly problems?: readonly string[];
}

const on = { 'traefik.enable': 'true' };

/** The sets. */
export const corpus: readonly CorpusEntry[] = [
  {
    name: 'nothing but enable: the default host',
    id: '/foo/bar/app',
    labels: { ...on },
    takes: ['GET foo-bar-app.localhost/', 'https GET foo-bar-app.localhost/x'],
    leaves: ['GET foo.localhost/'],
  },
  {
    name: 'port index, as the demo has it',
    id: '/demo',
    labels: { ...on, 'traefik.portIndex': '0' },
    takes: ['GET demo.localhost/'],
    leaves: ['GET localhost/'],
  },
  {
    name: 'host and stripped prefix',
    id: '/api',
    labels: { ...on, 'traefik.frontend.rule': 'Host:example.com,www.example.com;PathPrefixStrip:/api' },
    takes: ['GET example.com/api', 'GET www.example.com/api/users', 'POST EXAMPLE.com/apifoo'],
    leaves: ['GET example.com/', 'GET other.com/api'],
    steps: ['strip-prefix'],
  },
  {
    name: 'host regexp, method and header',
    id: '/r',
    labels: { ...on, 'traefik.frontend.rule': 'HostRegexp:{sub:[a-z]+}.example.com;Method:GET,HEAD' },
    takes: ['GET a.example.com/', 'HEAD abc.example.com/x'],
    leaves: ['POST a.example.com/', 'GET a1.example.com/', 'GET example.com/'],
  },
  {
    name: 'everything a careful user had on an app',
    id: '/shop',
    labels: {
      ...on,
      'traefik.frontend.rule': 'Host:shop.example.com',
      'traefik.frontend.entryPoints': 'http,https',
      'traefik.frontend.priority': '10',
      'traefik.frontend.passHostHeader': 'true',
      'traefik.frontend.headers.SSLRedirect': 'true',
      'traefik.frontend.headers.STSSeconds': '315360000',
      'traefik.frontend.headers.customResponseHeaders': 'X-Powered-By:||X-Robots-Tag:noindex',
      'traefik.frontend.whiteList.sourceRange': '10.0.0.0/8, 127.0.0.1',
      'traefik.frontend.auth.basic.users': 'test:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/',
      'traefik.frontend.errors.network.status': '500-599',
      'traefik.frontend.errors.network.backend': 'error',
      'traefik.frontend.errors.network.query': '/{status}.html',
      'traefik.frontend.rateLimit.extractorFunc': 'client.ip',
      'traefik.frontend.rateLimit.rateSet.a.period': '10s',
      'traefik.frontend.rateLimit.rateSet.a.average': '100',
      'traefik.frontend.rateLimit.rateSet.a.burst': '200',
      'traefik.backend.circuitbreaker.expression': 'NetworkErrorRatio() > 0.5',
      'traefik.backend.maxconn.amount': '10',
      'traefik.backend.loadbalancer.method': 'drr',
      'traefik.backend.loadbalancer.stickiness': 'true',
      'traefik.backend.healthcheck.path': '/health',
      'traefik.backend.healthcheck.interval': '1s',
    },
    takes: ['GET shop.example.com/'],
    leaves: ['GET shop.example.org/'],
    steps: [
      'errors',
      'allow-list',
      'headers',
      'redirect-scheme',
      'basic-auth',
      'circuit-breaker',
      'in-flight',
      'rate-limit',
    ],
  },
  {
    name: 'segments: the app without one disappears',
    id: '/two',
    labels: {
      ...on,
      'traefik.web.portIndex': '0',
      'traefik.web.frontend.rule': 'Host:web.example.com',
      'traefik.admin.portIndex': '1',
      'traefik.admin.frontend.rule': 'Host:admin.example.com',
      'traefik.admin.frontend.auth.basic': 'test:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/',
    },
    takes: ['GET web.example.com/', 'GET admin.example.com/'],
    leaves: ['GET two.localhost/'],
    steps: ['basic-auth'],
  },
  {
    name: 'a bad allow list leaves the route out rather than open',
    id: '/closed',
    labels: {
      ...on,
      'traefik.frontend.rule': 'Host:c.example.com',
      'traefik.frontend.whiteList.sourceRange': '10.0.0.0/33',
    },
    takes: [],
    leaves: ['GET c.example.com/'],
    problems: ['traefik.frontend.whiteList.sourceRange'],
  },
  {
    name: 'version 2: router, service, middlewares',
    id: '/v2',
    labels: {
      ...on,
      'traefik.http.routers.blog.rule':
        'Host(`blog.example.com`) && (PathPrefix(`/a`) || PathPrefix(`/b`)) && !Method(`DELETE`)',
      'traefik.http.routers.blog.entrypoints': 'web',
      'traefik.http.routers.blog.middlewares': 'strip@marathon,limit,both',
      'traefik.http.services.blog.loadbalancer.server.port': 'index:0',
      'traefik.http.services.blog.loadbalancer.sticky.cookie.name': 'lb',
      'traefik.http.middlewares.strip.stripprefix.prefixes': '/a,/b',
      'traefik.http.middlewares.limit.ratelimit.average': '100',
      'traefik.http.middlewares.limit.ratelimit.burst': '50',
      'traefik.http.middlewares.both.chain.middlewares': 'zip,safe',
      'traefik.http.middlewares.zip.compress': 'true',
      'traefik.http.middlewares.safe.headers.stsseconds': '31536000',
      'traefik.http.middlewares.safe.headers.framedeny': 'true',
    },
    takes: ['GET blog.example.com/a', 'POST blog.example.com/b/c'],
    leaves: ['DELETE blog.example.com/a', 'GET blog.example.com/', 'https GET blog.example.com/a'],
    steps: ['strip-prefix', 'rate-limit', 'compress', 'headers'],
  },
  {
    name: 'version 2: TLS router beside one that redirects',
    id: '/tls',
    labels: {
      ...on,
      'traefik.http.routers.secure.rule': 'Host(`s.example.com`)',
      'traefik.http.routers.secure.tls': 'true',
      'traefik.http.routers.plain.rule': 'Host(`s.example.com`)',
      'traefik.http.routers.plain.entrypoints': 'web',
      'traefik.http.routers.plain.middlewares': 'https',
      'traefik.http.middlewares.https.redirectscheme.scheme': 'https',
      'traefik.http.middlewares.https.redirectscheme.permanent': 'true',
    },
    takes: ['GET s.example.com/', 'https GET s.example.com/'],
    leaves: ['GET example.com/'],
    steps: ['redirect-scheme'],
  },
  {
    name: 'version 2: case of names does not matter',
    id: '/case',
    labels: { ...on, 'Traefik.HTTP.Routers.Web.Rule': 'Host(`case.example.com`)' },
    takes: ['GET case.example.com/'],
    leaves: ['GET x.example.com/'],
  },
  {
    name: 'marathon-lb: two virtual hosts and a path',
    id: '/mlb',
    labels: {
      HAPROXY_GROUP: 'external',
      HAPROXY_0_VHOST: 'a.example.com, B.example.com',
      HAPROXY_0_PATH: '-i /api /v1',
      HAPROXY_0_STICKY: 'true',
      HAPROXY_0_USE_HSTS: 'yes',
    },
    takes: ['GET a.example.com/API/x', 'GET b.example.com/v1', 'https GET a.example.com/apifoo'],
    leaves: ['GET a.example.com/', 'GET c.example.com/api'],
    steps: ['headers'],
  },
  {
    name: 'marathon-lb: redirect to https, login and allow list',
    id: '/guarded',
    labels: {
      HAPROXY_GROUP: 'internal,external',
      HAPROXY_0_VHOST: 'guarded.example.com',
      HAPROXY_0_REDIRECT_TO_HTTPS: 'true',
      HAPROXY_0_AUTH:
        'realm:anna:$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCoEOfaS35inz1',
      HAPROXY_0_BACKEND_NETWORK_ALLOWED_ACL: '127.0.0.1/8 10.1.40.0/24',
    },
    takes: ['GET guarded.example.com/', 'https GET guarded.example.com/'],
    leaves: ['GET example.com/'],
    steps: ['basic-auth', 'allow-list', 'redirect-scheme'],
  },
  {
    name: 'marathon-lb: another group is not ours, ENABLED=1 disables',
    id: '/other',
    labels: { HAPROXY_GROUP: 'elsewhere', HAPROXY_0_VHOST: 'other.example.com' },
    takes: [],
    leaves: ['GET other.example.com/'],
  },
  {
    name: 'marathon-lb: one bad number spoils only its own',
    id: '/bad',
    labels: { HAPROXY_GROUP: 'external', HAPROXY_0_VHOST: 'bad.example.com', HAPROXY_0_BACKEND_WEIGHT: 'heavy' },
    takes: ['GET bad.example.com/'],
    leaves: [],
    problems: ['HAPROXY_0_BACKEND_WEIGHT'],
  },
  {
    name: 'marathon-lb: templates, as far as they can be understood',
    id: '/templates',
    labels: {
      HAPROXY_GROUP: 'external',
      HAPROXY_0_VHOST: 't.example.com',
      HAPROXY_0_BACKEND_HTTP_OPTIONS:
        '  option forwardfor\n  http-request set-header X-Team shop\n  timeout server 5m\n',
      HAPROXY_0_BACKEND_HEAD: 'backend {backend}\n  balance {balance}\n  mode {mode}\n  stick-table type ip size 1m\n',
    },
    takes: ['GET t.example.com/'],
    leaves: [],
    steps: ['headers'],
    problems: ['HAPROXY_0_BACKEND_HEAD'],
  },
];
