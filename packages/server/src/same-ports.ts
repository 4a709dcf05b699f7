/** A platform that steps down and takes over again stays where people have found it. */
import type { PlatformAddresses, ServerConfig } from '@stadion/contract';

/** The flags of ports, by what listens there. */
const PORTS = [
  ['orchestrator', 'orchestratorPort'],
  ['master', 'masterPort'],
  ['agent', 'agentPort'],
  ['dns', 'dnsPort'],
  ['dnsHttp', 'dnsHttpPort'],
  ['edgeHttp', 'edgeHttpPort'],
  ['edgeHttps', 'edgeHttpsPort'],
  ['edgeAdmin', 'edgeAdminPort'],
] as const satisfies readonly (readonly [keyof PlatformAddresses, keyof ServerConfig])[];

/** The configuration with the ports that were found free at the last start. */
export function withPortsOf(config: ServerConfig, addresses: Partial<PlatformAddresses>): ServerConfig {
  const same = { ...config };
  for (const [name, flag] of PORTS) {
    const url = addresses[name];
    if (url !== undefined) same[flag] = Number(new URL(url).port);
  }
  return same;
}
