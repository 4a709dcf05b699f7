/** What the platform says of itself at `/v2/info`, member by member: Marathon gives it no fixed shape. */

type Values = Readonly<Record<string, unknown>>;

/** The answer, as far as it is shown. */
export interface PlatformInfo {
  readonly clusterName: string | undefined;
  readonly version: string;
  readonly build: string;
  readonly leader: string | undefined;
  readonly frameworkId: string | undefined;
  readonly orchestrator: Values;
  readonly zookeeper: Values;
  readonly http: Values;
}

/** Reads the answer; what is missing is missing. */
export function platformInfo(info: Values): PlatformInfo {
  return {
    clusterName: textOf(info['cluster_name']),
    version: textOf(info['version']) ?? 'not said',
    build: textOf(info['buildref']) ?? '',
    leader: textOf(info['leader']),
    frameworkId: textOf(info['frameworkId']),
    orchestrator: valuesOf(info['marathon_config']),
    zookeeper: valuesOf(info['zookeeper_config']),
    http: valuesOf(info['http_config']),
  };
}

/** A text, unless it is empty or something else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function valuesOf(value: unknown): Values {
  return typeof value === 'object' && value !== null ? (value as Values) : {};
}
