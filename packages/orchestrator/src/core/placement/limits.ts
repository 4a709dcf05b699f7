/** Bounds of what placement remembers and shows. */

/** Hostnames given as examples in one group of refusals. */
export const MAX_EXAMPLES = 3;
/** Attribute values named in one sentence. */
export const MAX_NAMED_VALUES = 3;
/** Groups of refusals per request; further ones are counted under their reason only. */
export const MAX_EXPLANATIONS = 32;
/** Refused offers kept by name per app, for `lastUnusedOffers`. */
export const MAX_LISTED_OFFERS = 20;
/** Groups of refusals that the one sentence for people names. */
export const MAX_EXPLANATIONS_IN_SENTENCE = 3;
/** Shapes of demand whose exhausted offers are remembered during one pass. */
export const MAX_SHAPES = 512;
/** Characters of a LIKE or UNLIKE pattern with its repetitions written out. */
export const PATTERN_SIZE_MAX = 512;
/** Verdicts on attribute values remembered per LIKE or UNLIKE constraint. */
export const MAX_PATTERN_VERDICTS = 10_000;
/** The highest port of an offer that is used. */
export const MAX_PORT = 65_535;
