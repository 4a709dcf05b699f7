/** What the console puts up with. */

/** Events that are kept for the feed and the timelines. */
export const EVENTS_KEPT_MAX = 2_000;
/** Events of the past that are asked for when the page opens. */
export const PAST_EVENTS_ASKED = 500;
/** Deployments of the past that are listed. */
export const RECORDS_SHOWN = 50;
/** Rows that are asked for at once while the list of apps is read. */
export const APPS_PAGE_ROWS = 1_000;
/** Apps whose rows are renewed one by one; when more changed, the whole list is read again. */
export const APPS_RENEWED_MAX = 400;
/** Ids that one request names. */
export const APPS_ASKED_AT_ONCE = 100;
/** How long changes are gathered before they are read. */
export const GATHER_MS = 120;
/** How long a list that changes everywhere is left alone between two readings. */
export const RELOAD_MS_MIN = 2_000;
