/** The pages of a server that does not lead which are about its own process: its metrics and its log. The rest is the leader's. */
import type { Clock, LogVerbosity } from '@stadion/base';
import type { FastifyInstance } from 'fastify';
import { newHttpServer } from './http-server.ts';
import { masterFiles, serveFiles, serveToggle } from './log-files.ts';
import { standbyMetrics } from './standby-metrics.ts';

/** What the pages are made of. */
export interface StandbyOptions {
  /** When the server began to stand by, milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly clock: Clock;
  /** The file of its log. */
  readonly logFile?: string;
  /** How much goes there. */
  readonly verbosity?: LogVerbosity;
}

/** Whether a server that stands by answers what is asked there itself. @param path of a request, without its query */
export function isOfStandby(path: string): boolean {
  return /^\/(?:metrics\/snapshot(?:\.json)?|files\/[^/]*|logging\/toggle)$/.test(path);
}

/** Makes the server; whoever composes it passes requests to it, and lets nobody else in. */
export function createStandbyHttp({ startedAt, clock, logFile, verbosity }: StandbyOptions): FastifyInstance {
  const app = newHttpServer();
  for (const ending of ['', '.json']) {
    app.get(`/metrics/snapshot${ending}`, (_request, reply) => reply.send(standbyMetrics(startedAt, clock)));
  }
  serveFiles(app, masterFiles(logFile));
  serveToggle(app, verbosity);
  return app;
}
