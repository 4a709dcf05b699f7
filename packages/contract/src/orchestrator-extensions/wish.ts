/**
 * How a client asks for what Marathon does not have: further members of tasks, queue items and deployments, and further
 * events. Without the wish nobody gets them, since some of Marathon's clients refuse members that they do not know.
 */

/** A request with this header, of the value `true`, wants extensions. The typed client always does. */
export const EXTENSIONS_HEADER = 'x-stadion-extensions';
/** The same as a query parameter, for those who cannot set headers: `?extensions=true`. */
export const EXTENSIONS_QUERY = 'extensions';
