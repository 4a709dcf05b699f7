/** Runs, what they break, and what happened in all of them. */
import { afterAll } from 'vitest';
import { sumOf, type Coverage } from '../coverage.ts';
import { commandOf, optionsOf, type Run } from '../shapes.ts';
import { simulate } from '../simulation.ts';

/** Runs one after the other. */
export class FailingRuns {
  private readonly coverages: Coverage[] = [];

  /** Prints at the end of a file what its seeds have been through. */
  printAtEnd(title: string): void {
    afterAll(() => {
      const counts = Object.entries(sumOf(this.coverages)).map(([name, count]) => `${name} ${String(count)}`);
      process.stdout.write(`${title}: ${String(this.coverages.length)} seeds; ${counts.join(', ')}\n`);
    });
  }

  /** What broke, and how to see it again. */
  async of(runs: readonly Run[]): Promise<string[]> {
    const found: string[] = [];
    for (const run of runs) {
      const { violations, coverage } = await simulate(optionsOf(run));
      this.coverages.push(coverage);
      for (const { checker, message } of violations) {
        found.push(`${checker}: ${message}\n  again with: ${commandOf(run)} --trace`);
      }
    }
    return found;
  }

  /** How often something happened in all of them. */
  count(name: string): number {
    return sumOf(this.coverages)[name] ?? 0;
  }
}
