/** How much more than at its start a process logs, as Mesos counts and changes it: `SET_LOGGING_LEVEL`, `/logging/toggle`. */
import type { TimerHandle, Timers } from './time.ts';

/** Mesos counts from 0, which is nothing more than usual; its own levels end at 3. */
export class LogVerbosity {
  private readonly first: number;
  private readonly timers: Timers;
  private readonly apply: (level: number) => void;
  private current: number;
  private wayBack: TimerHandle | undefined;

  /**
   * @param first the level of the start, below which nothing goes
   * @param apply has the log follow; told of each change
   */
  constructor(first: number, timers: Timers, apply: (level: number) => void) {
    this.first = first;
    this.timers = timers;
    this.apply = apply;
    this.current = first;
  }

  /** The level that holds now. */
  get level(): number {
    return this.current;
  }

  /**
   * Another level holds for a while, or until another one is set; then that of the start.
   * @returns what is wrong with it, as a sentence without its end
   */
  set(level: number, durationMs: number): string | undefined {
    if (!Number.isSafeInteger(level) || level < 0) return `Invalid level '${String(level)}'`;
    if (level < this.first) return `'${String(level)}' < original level`;
    if (!(durationMs >= 0)) return 'The duration must not be negative';
    this.close();
    this.change(level);
    if (level !== this.first) {
      this.wayBack = this.timers.after(durationMs, () => {
        this.wayBack = undefined;
        this.change(this.first);
      });
    }
    return undefined;
  }

  /** Nothing goes back by itself any more. */
  close(): void {
    this.wayBack?.cancel();
    this.wayBack = undefined;
  }

  private change(level: number): void {
    if (this.current === level) return;
    this.current = level;
    this.apply(level);
  }
}

/** Milliseconds of each unit of Mesos's durations (`10secs`). */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  secs: 1000,
  mins: 60_000,
  hrs: 3_600_000,
  days: 86_400_000,
  weeks: 604_800_000,
};

/** What `/logging/toggle` is asked. */
export interface ToggleRequest {
  /** Gives what the query says. */
  readonly parameter: (name: string) => string | undefined;
  /** What a browser says of the page that asks (`Sec-Fetch-Site`). */
  readonly site?: string | undefined;
}

/** Answers it: the level without parameters, and otherwise changes it. */
export function answerToggle(
  verbosity: LogVerbosity | undefined,
  { parameter, site }: ToggleRequest,
): { readonly status: 200 | 400 | 403 | 501; readonly text: string } {
  if (verbosity === undefined) return { status: 501, text: `The log of this process cannot be changed\n` };
  const [level, duration] = [parameter('level'), parameter('duration')];
  if (level === undefined && duration === undefined) return { status: 200, text: `${String(verbosity.level)}\n` };
  const refused = (problem: string) => ({ status: 400, text: `${problem}.\n` }) as const;
  if (duration === undefined) return refused(`Expecting 'duration=value' in query`);
  if (level === undefined) return refused(`Expecting 'level=value' in query`);
  // Tools of Mesos change it by GET, as do links on other people's pages.
  if (site === 'cross-site') return { status: 403, text: 'A web page of another site may not change anything.\n' };
  if (!/^-?\d{1,9}$/.test(level)) return refused(`Failed to convert '${level.slice(0, 64)}' to number`);
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(duration) ?? [];
  const unitMs = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
  if (amount === undefined || unitMs === undefined) {
    return refused(`Expecting 'duration' to be an amount of ${Object.keys(UNITS).join(', ')}, such as 10mins`);
  }
  const problem = verbosity.set(Number(level), Number(amount) * unitMs);
  return problem === undefined ? { status: 200, text: '' } : refused(problem);
}
