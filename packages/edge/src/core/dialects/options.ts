/** What an edge is told about which apps it exposes, and how. */

/** The options of all dialects. */
export interface DialectOptions {
  /** Suffix of the hosts of apps that have no rule, e.g. `localhost`; empty: none. */
  readonly domain: string;
  /** Whether an app without `traefik.enable` is exposed. Off, because it publishes every app with a guessable host. */
  readonly exposedByDefault: boolean;
  /** `/a/b` becomes `b.a.<domain>` instead of `a-b.<domain>`. */
  readonly groupsAsSubDomains: boolean;
  /** Traefik 1's constraints: `tag==glob` and `tag!=glob`, all of which have to hold. */
  readonly constraints: readonly string[];
  /** Whether the app's own Marathon constraints count as tags. */
  readonly filterMarathonConstraints: boolean;
  /** The groups of marathon-lb that this edge serves; `*` serves all apps. */
  readonly groups: readonly string[];
  /** marathon-lb: services are exposed only where `HAPROXY_{n}_ENABLED` says so. */
  readonly strictMode: boolean;
  /** marathon-lb: whether each service gets a listener on its service port. */
  readonly servicePorts: boolean;
}

/** An edge that is told nothing. */
export const defaultDialectOptions: DialectOptions = {
  domain: 'localhost',
  exposedByDefault: false,
  groupsAsSubDomains: false,
  constraints: [],
  filterMarathonConstraints: false,
  groups: [],
  strictMode: false,
  servicePorts: false,
};
