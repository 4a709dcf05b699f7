/** The port for logging. The server binds it to pino; tests and the simulator stay silent. */

/** Structured facts of one log line. Secrets never go in. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One log. Messages are constant sentences; what varies goes into the fields. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
}

/** Says nothing. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};
