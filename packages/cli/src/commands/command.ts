/** What a command is: data, from which the parser, its help and the completion derive, and a function that runs it. */
import { assert } from '@stadion/base';
import { parseDuration } from '../core/durations.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Session } from '../platform/session.ts';
import { usageError } from '../report-error.ts';

/** Live objects whose names completion offers for an argument. */
export type Completes = 'app' | 'pod' | 'task' | 'app-or-task' | 'deployment-or-app' | 'deployment' | 'node';

/** One option of a command. */
export interface OptionSpec {
  /** As commander has it: `-f, --follow` or `--timeout <duration>`. */
  readonly flags: string;
  readonly description: string;
}

/** One command. */
export interface CommandSpec {
  /** Its words, e.g. `app list`. */
  readonly path: string;
  /** As commander has it: `<id> [version]`. */
  readonly arguments?: string;
  readonly summary: string;
  readonly options?: readonly OptionSpec[];
  /** What the first argument names. */
  readonly completes?: Completes;
  /** Printed below the help. */
  readonly examples?: readonly string[];
  readonly run: (call: CommandCall) => Promise<ExitCode>;
}

/** One run of a command: what was written, and what there is to work with. */
export class CommandCall {
  readonly session: Session;
  readonly arguments: readonly string[];
  private readonly options: Readonly<Record<string, unknown>>;

  constructor(session: Session, positional: readonly string[], options: Readonly<Record<string, unknown>>) {
    this.session = session;
    this.arguments = positional;
    this.options = options;
  }

  /** A positional argument that the parser has made sure of. */
  argument(index: number): string {
    const value = this.arguments[index];
    assert(value !== undefined, () => `the parser let a command without argument ${index} pass`);
    return value;
  }

  /** Whether a switch was set. @param name in camel case */
  isSet(name: string): boolean {
    return this.options[name] === true;
  }

  /** The value of an option as it was written. */
  text(name: string): string | undefined {
    const value = this.options[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** The value of an option that is a duration, in milliseconds. */
  duration(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = parseDuration(text);
    if (value === undefined) throw usageError(`--${name} needs a duration such as 90, 90s, 5m or 1h, not '${text}'.`);
    return value;
  }

  /** The value of an option that is a whole number. */
  count(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : readCount(`--${name}`, text);
  }

  /** All options as they were parsed, for those who have a schema of their own. */
  allOptions(): Readonly<Record<string, unknown>> {
    return this.options;
  }
}

/** A whole number from 0. @param name how the message calls it */
export function readCount(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw usageError(`${name} needs a whole number from 0, not '${text}'.`);
  return Number(text);
}
