/** Timestamps as texts: UTC with milliseconds, `2026-01-01T00:00:00.000Z`. They sort as they follow each other. */

const ISO_DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/;

/** The text of a time given in milliseconds since the Unix epoch. */
export function formatTimestamp(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** The canonical text of any ISO 8601 date and time with an offset; undefined when it is none. */
export function parseTimestamp(text: string): string | undefined {
  if (!ISO_DATE_TIME.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? undefined : formatTimestamp(milliseconds);
}
