/**
 * Nodes as Ranger writes them to ZooKeeper: one JSON object without white space, members in Jackson's order, numbers as
 * Java writes them. Readers differ in what they forgive, so nothing is left out and nothing is added.
 */
import type { ServiceNode, ShardInfo } from './service-node.ts';

/** `ranger`: Ranger 1.x and later, eight members. `legacy`: com.flipkart.ranger 0.6, five; strict old readers need it. */
export type RangerProfile = 'ranger' | 'legacy';

/** The bytes of a node, as text. A node without a time of update must not be written: Java's zero is far in the past. */
export function encodeNode(node: ServiceNode, profile: RangerProfile = 'ranger'): string {
  const { nodeData } = node;
  const environment = json(nodeData.environment);
  const rest = Object.entries(nodeData).filter(([key]) => !['environment', 'region', 'tags'].includes(key));
  const others = rest.map(([key, value]) => `,${json(key)}:${json(value)}`).join('');
  const status = json(node.healthcheckStatus);
  const { lastUpdatedTimeStamp: at = NEVER } = node;
  const updated = at <= NEVER ? JAVA_LONG_MIN : String(at);
  const head = `{"host":${json(node.host)},"port":${String(node.port)}`;
  const unknown = Object.entries(node.others ?? {})
    .map(([key, value]) => `,${json(key)}:${json(value)}`)
    .join('');
  if (profile === 'legacy') {
    return `${head},"nodeData":{"environment":${environment}},"healthcheckStatus":${status},"lastUpdatedTimeStamp":${updated}${unknown}}`;
  }
  const shard = `{"environment":${environment},"region":${json(nodeData.region)},"tags":${json(nodeData.tags)}${others}}`;
  return (
    `${head},"routingWeight":${javaDouble(node.routingWeight)},"nodeData":${shard},"healthcheckStatus":${status},` +
    `"lastUpdatedTimeStamp":${updated},"healthySinceTimeStamp":${String(node.healthySinceTimeStamp)},` +
    `"portScheme":${json(node.portScheme)}${unknown}}`
  );
}

/** A node of either form; undefined when it cannot be used. Never throws: one broken node must not spoil the others. */
export function decodeNode(text: string): ServiceNode | undefined {
  let value: unknown;
  try {
    value = JSON.parse(markLongs(text));
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { host, port, routingWeight, nodeData, healthcheckStatus, lastUpdatedTimeStamp, ...rest } = value;
  const { healthySinceTimeStamp, portScheme, ...others } = rest;
  const number = Number(port);
  if (typeof host !== 'string' || host === '' || !Number.isInteger(number) || number < 1 || number > 65_535) {
    return undefined;
  }
  const weight = typeof routingWeight === 'number' ? routingWeight : 1;
  return {
    host,
    port: number,
    routingWeight: weight >= 0 && weight <= 1 ? weight : 1,
    nodeData: shardOf(nodeData),
    healthcheckStatus: isHealthy(healthcheckStatus) ? 'healthy' : 'unhealthy',
    // Missing, or Java's smallest number: its provider has not looked yet whether it is well.
    lastUpdatedTimeStamp: typeof lastUpdatedTimeStamp === 'number' ? lastUpdatedTimeStamp : NEVER,
    healthySinceTimeStamp: typeof healthySinceTimeStamp === 'number' ? healthySinceTimeStamp : 0,
    portScheme: typeof portScheme === 'string' ? portScheme : null,
    ...(Object.keys(others).length === 0 ? {} : { others }),
  };
}

/** Missing means healthy; Dropwizard's readers take either case. */
function isHealthy(status: unknown): boolean {
  return status === undefined || status === null || (typeof status === 'string' && status.toLowerCase() === 'healthy');
}

const JAVA_LONG_MIN = '-9223372036854775808';
/** The same as a number: a time before all others. */
const NEVER = -(2 ** 63);

function shardOf(value: unknown): ShardInfo {
  if (!isObject(value)) return { environment: '', region: null, tags: null };
  const { environment, region, tags, ...others } = value;
  return {
    ...others,
    environment: typeof environment === 'string' ? environment : '',
    region: typeof region === 'string' ? region : null,
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : null,
  };
}

/** Integers that JavaScript cannot hold exactly become marked texts, which are written as integers again. */
function markLongs(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (token) =>
    token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"\\u0000long:${token}"`,
  );
}

function json(value: unknown): string {
  return JSON.stringify(value).replace(/"\\u0000long:(-?\d+)"/g, '$1');
}

/** A double between 0 and 1 as `Double.toString` has it: `1.0`, `0.5`, `1.0E-4`. */
function javaDouble(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) {
    const [mantissa = '0', exponent = '0'] = value.toExponential().split('e');
    return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${String(Number(exponent))}`;
  }
  const text = String(value);
  return text.includes('.') ? text : `${text}.0`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
