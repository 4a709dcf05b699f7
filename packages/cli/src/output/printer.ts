/** Writes answers in the form that was asked for, and remarks about the work beside them. */
import { assert } from '@stadion/base';
import { safeLines, safeText } from '../core/safe-text.ts';
import type { Output } from '../platform/ports.ts';
import { toJson, toJsonLine } from './documents.ts';
import { painter, wantsColours, type Style } from './style.ts';
import { fieldLines, tableLines, type Cell } from './table.ts';

/** The forms of an answer. */
export const FORMATS = ['table', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** Answers go to standard output, remarks and errors to standard error. */
export class Printer {
  readonly format: Format;
  readonly quiet: boolean;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Adds colours for standard output. */
  readonly paint: (style: Style, text: string) => string;
  /** Adds colours for standard error. */
  readonly paintRemark: (style: Style, text: string) => string;
  private readonly toYaml: ((value: unknown) => string) | undefined;

  constructor(options: {
    readonly format: Format;
    readonly quiet: boolean;
    readonly stdout: Output;
    readonly stderr: Output;
    readonly environment: Readonly<Record<string, string | undefined>>;
    /** Who wants YAML brings what writes it. */
    readonly toYaml?: ((value: unknown) => string) | undefined;
  }) {
    this.format = options.format;
    this.quiet = options.quiet;
    this.stdout = options.stdout;
    this.stderr = options.stderr;
    this.toYaml = options.toYaml;
    this.paint = painter(wantsColours(options.environment, options.stdout.isTerminal));
    this.paintRemark = painter(wantsColours(options.environment, options.stderr.isTerminal));
  }

  /**
   * Prints an answer.
   * @param value what programs get with `-o json` and `-o yaml`
   * @param lines what people get
   * @param ids what `--quiet` leaves of it, one a line
   */
  answer(value: unknown, lines: () => readonly string[], ids?: readonly string[]): void {
    if (this.format === 'json') this.stdout.write(toJson(value));
    else if (this.format === 'yaml') this.stdout.write(this.yaml(value));
    else this.lines(this.quiet && ids !== undefined ? ids.map(safeText) : lines());
  }

  /** One of many answers that come over time: a line of JSON, a YAML document, or a line for people. */
  item(value: unknown, line: () => string): void {
    if (this.format === 'json') this.stdout.write(toJsonLine(value));
    else if (this.format === 'yaml') this.stdout.write(`---\n${this.yaml(value)}`);
    else this.lines([line()]);
  }

  private yaml(value: unknown): string {
    assert(this.toYaml !== undefined, 'whoever wants YAML brings what writes it');
    return this.toYaml(value);
  }

  /** Lines for people on standard output. They must be safe already. */
  lines(lines: readonly string[]): void {
    if (lines.length > 0) this.stdout.write(`${lines.join('\n')}\n`);
  }

  /** A remark about the work, on standard error; `--quiet` leaves it out. */
  remark(text: string): void {
    if (!this.quiet) this.stderr.write(`${safeLines(text)}\n`);
  }

  /** What went wrong, on standard error. */
  error(text: string): void {
    this.stderr.write(`${this.paintRemark('bad', 'error:')} ${safeLines(text)}\n`);
  }

  table(header: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
    return tableLines(header, rows, this.paint);
  }

  fields(fields: readonly (readonly [string, Cell])[]): string[] {
    return fieldLines(fields, this.paint);
  }
}
