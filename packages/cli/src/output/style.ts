/** How words look, by what they mean. */
import { styleText } from 'node:util';
import { needsAttention, type AppCondition } from '../core/app-condition.ts';

/** What a text means. `tag1` to `tag6` tell instances apart. */
export type Style = 'plain' | 'heading' | 'good' | 'busy' | 'bad' | 'dim' | `tag${1 | 2 | 3 | 4 | 5 | 6}`;

const FORMATS: Readonly<Record<Exclude<Style, 'plain'>, Parameters<typeof styleText>[0]>> = {
  heading: 'bold',
  good: 'green',
  busy: 'yellow',
  bad: 'red',
  dim: 'dim',
  tag1: 'cyan',
  tag2: 'magenta',
  tag3: 'blue',
  tag4: 'green',
  tag5: 'yellow',
  tag6: 'red',
};

/** The look of the n-th instance, in turn. */
export function tagStyle(index: number): Style {
  const styles = ['tag1', 'tag2', 'tag3', 'tag4', 'tag5', 'tag6'] as const;
  return styles[index % styles.length] ?? 'tag1';
}

/** A painter: adds colours where they are wanted, else gives texts as they are. */
export function painter(colours: boolean): (style: Style, text: string) => string {
  return (style, text) =>
    colours && style !== 'plain' && text !== '' ? styleText(FORMATS[style], text, { validateStream: false }) : text;
}

/** Whether to use colours: `NO_COLOR` (no-color.org) and `TERM=dumb` win, then `FORCE_COLOR`, then whether it is a terminal. */
export function wantsColours(environment: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  if ((environment.NO_COLOR ?? '') !== '') return false;
  const forced = environment.FORCE_COLOR ?? '';
  if (forced !== '') return forced !== '0';
  return isTerminal && environment.TERM !== 'dumb';
}

/** The look of an app's condition. */
export function conditionStyle(condition: AppCondition): Style {
  if (needsAttention(condition)) return 'bad';
  if (condition === 'deploying') return 'busy';
  return condition === 'running' ? 'good' : 'dim';
}
