/** Every app reachable from outside: routes from labels, carried by workers of our own or by HAProxy. */
export { AccessLogFile, readAccessLogTarget } from './access-log-file.ts';
export { openAcme } from './certs/acme/open-acme.ts';
export { CertificateKeeper } from './certs/certificate-keeper.ts';
export { defaultDialectOptions, type DialectOptions } from './core/dialects/options.ts';
export { Edge } from './edge.ts';
export type { EntryPointSettings } from './embedded/entry-point.ts';
export type { WorkerSettings } from './embedded/messages.ts';
export { EmbeddedPlane } from './embedded/plane.ts';
export { HaproxyPlane } from './haproxy/plane.ts';
export { createEdgeAdmin } from './http/admin.ts';
export { TraceExporter } from './trace-exporter.ts';
export { fileOverrides } from './override-file.ts';
