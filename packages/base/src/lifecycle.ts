/** The life of every long-lived part: construct without side effects, start, stop. */

/** Something that runs. The composition root starts parts in the order of dependency and stops them in reverse. */
export interface Service {
  /** Begins to work; resolves when it is ready to serve. Rejects with a PlatformError that says what to do. */
  start(): Promise<void>;
  /** Drains and ends. Safe to call twice, and after a failed start. */
  stop(): Promise<void>;
}
