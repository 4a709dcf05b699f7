/** One request that is over: what the access log and traces tell of it. */
export interface AccessRecord {
  readonly atMs: number;
  readonly client: string;
  readonly user?: string | undefined;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** `HTTP/1.1`. */
  readonly protocol: string;
  readonly scheme: string;
  readonly status: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
  readonly router?: string | undefined;
  readonly app?: string | undefined;
  readonly service?: string | undefined;
  readonly server?: string | undefined;
  readonly attempts: number;
  readonly referer?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly traceparent?: string | undefined;
}
