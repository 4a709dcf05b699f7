/**
 * Patterns from labels: RE2, which is what Traefik's Go takes, and which matches in linear time whatever is written.
 */
import { RE2JS } from 're2js';
import { limits } from '../../limits.ts';
import { parsed, unparsed, type Parsed } from './rule.ts';

/** A compiled pattern. */
export interface Pattern {
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
  /** Replaces the first match; `$1`, `${1}` and `${name}` stand for groups. Undefined when nothing matches. */
  replace(text: string, replacement: string): string | undefined;
  /** The part of the text that matches at its very beginning, if any. */
  prefixOf(text: string): string | undefined;
}

/** Compiles a pattern. */
export function compilePattern(pattern: string): Parsed<Pattern> {
  if (pattern.length > limits.patternCharacters) {
    return unparsed(`a pattern is longer than ${limits.patternCharacters} characters`);
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it cannot be read';
    return unparsed(`the pattern '${pattern}' is not valid RE2 (${reason})`);
  }
  return parsed({
    test: (text) => compiled.matcher(text).find(),
    replace(text, replacement) {
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return undefined;
      const filled = replacement.replace(
        /\$(?:\{(\w+)\}|(\d+))/g,
        (_all, braced: string | undefined, digits: string | undefined) => {
          const name = braced ?? digits ?? '';
          const isNumber = /^\d+$/.test(name);
          if (isNumber && Number(name) > matcher.groupCount()) return '';
          try {
            return matcher.group(isNumber ? Number(name) : name) ?? '';
          } catch {
            // There is no group of this name: as in Go, nothing stands for it.
            return '';
          }
        },
      );
      return text.slice(0, matcher.start()) + filled + text.slice(matcher.end());
    },
    prefixOf(text) {
      const matcher = compiled.matcher(text);
      return matcher.find() && matcher.start() === 0 ? text.slice(0, matcher.end()) : undefined;
    },
  });
}

const SPECIAL = /[\\^$.*+?()[\]{}|]/g;

/** A text as a pattern that matches just it. */
export function escapePattern(text: string): string {
  return text.replace(SPECIAL, '\\$&');
}

/**
 * A template with `{name:pattern}` variables (gorilla/mux, as in Traefik 1 and 2) as a pattern; the names mean nothing.
 * @param ending `exact`: the whole text; `prefix`: its beginning
 */
export function templatePattern(template: string, variable: string, ending: 'exact' | 'prefix'): Parsed<string> {
  let pattern = '^';
  let index = 0;
  while (index < template.length) {
    const open = template.indexOf('{', index);
    if (open < 0) break;
    const close = closingBrace(template, open);
    if (close < 0) return unparsed(`'${template}' has a { without its }`);
    const inner = template.slice(open + 1, close);
    const colon = inner.indexOf(':');
    const own = colon < 0 ? variable : inner.slice(colon + 1);
    pattern += `${escapePattern(template.slice(index, open))}(?:${own === '' ? variable : own})`;
    index = close + 1;
  }
  pattern += escapePattern(template.slice(index));
  const whole = ending === 'exact' ? `${pattern}$` : pattern;
  const outcome = compilePattern(whole);
  return outcome.ok ? parsed(whole) : outcome;
}

function closingBrace(text: string, open: number): number {
  let depth = 0;
  for (let index = open; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === '{') depth += 1;
    if (character === '}') {
      depth -= 1;
      if (depth === 0) return index;
    }
  }
  return -1;
}
