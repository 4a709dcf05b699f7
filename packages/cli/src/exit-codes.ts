/** What the program's exit says. Stable: scripts depend on it. */
export const EXIT = {
  ok: 0,
  /** Something went wrong, or is not well. */
  error: 1,
  /** The command line was wrong, or changes are pending. */
  usage: 2,
  /** The wait was longer than `--timeout`. */
  timeout: 3,
  /** Not allowed. */
  denied: 4,
  /** Ended by Ctrl-C, as shells count it. */
  interrupted: 130,
} as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
