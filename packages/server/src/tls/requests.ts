/** Requests between the machines of a cluster: over TLS where the address says so, with this machine's certificate. */
import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { trusted, type NodeTls } from './node-tls.ts';

/** Begins one. */
export function requestTo(
  url: URL,
  tls: NodeTls | undefined,
  options: RequestOptions,
  onAnswer?: (answer: IncomingMessage) => void,
): ClientRequest {
  return url.protocol === 'https:'
    ? httpsRequest(url, { ...shown(tls), ...options }, onAnswer)
    : httpRequest(url, options, onAnswer);
}

/** What a connection to another machine begins with. */
export function shown(tls: NodeTls | undefined): { cert?: string; key?: string; ca?: string[] } {
  if (tls === undefined) return {};
  const material = tls.material();
  return { cert: material.cert, key: material.key, ca: trusted(material) };
}

/** The address of an agent by what the master has of it, e.g. `slave(1)@10.0.0.3:5051`. */
export function agentUrl(pid: string, tls: NodeTls | undefined): string {
  return `${tls === undefined ? 'http' : 'https'}://${pid.slice(pid.lastIndexOf('@') + 1)}`;
}

/** The same address, to be reached by TLS where the cluster's machines speak it. */
export function overTls(url: string, tls: NodeTls | undefined): string {
  return tls === undefined ? url : url.replace(/^http:/, 'https:');
}
