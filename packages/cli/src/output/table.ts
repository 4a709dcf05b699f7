/** Tables for people: aligned columns, no frames, safe whatever the cells contain. */
import stringWidth from 'string-width';
import { safeText } from '../core/safe-text.ts';
import type { Style } from './style.ts';

/** One cell: a text, or a text with a look. */
export type Cell = string | number | { readonly text: string; readonly style: Style };

/** Two spaces between columns; the last one is not padded. Gives lines without their ends. */
export function tableLines(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  paint: (style: Style, text: string) => string,
): string[] {
  const cells = rows.map((row) => row.map(toCell));
  const widths = header.map((title, column) =>
    Math.max(stringWidth(title), ...cells.map((row) => stringWidth(row[column]?.text ?? ''))),
  );
  const line = (row: readonly { text: string; style: Style }[]): string =>
    row
      .map(({ text, style }, column) => {
        const isLast = column === row.length - 1;
        const padding = isLast ? '' : ' '.repeat((widths[column] ?? 0) - stringWidth(text));
        return `${paint(style, text)}${padding}`;
      })
      .join('  ')
      .trimEnd();
  return [line(header.map((text) => ({ text, style: 'heading' }))), ...cells.map(line)];
}

function toCell(cell: Cell): { text: string; style: Style } {
  if (typeof cell === 'object') return { text: safeText(cell.text), style: cell.style };
  return { text: safeText(String(cell)), style: 'plain' };
}

/** `name  value` lines with the names aligned. */
export function fieldLines(
  fields: readonly (readonly [string, Cell])[],
  paint: (style: Style, text: string) => string,
): string[] {
  const width = Math.max(0, ...fields.map(([name]) => stringWidth(name)));
  return fields.map(([name, cell]) => {
    const { text, style } = toCell(cell);
    return `${paint('heading', name)}${' '.repeat(width - stringWidth(name))}  ${paint(style, text)}`.trimEnd();
  });
}
