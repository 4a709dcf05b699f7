/** How anything in the frame opens the palette or the list of keys. */

/** The event that {@link openOverlay} sends. Its detail says what to open. */
export const OPEN_EVENT = 'stadion:open';

/** Opens the palette or the list of keys. */
export function openOverlay(what: 'palette' | 'keys'): void {
  document.dispatchEvent(new CustomEvent(OPEN_EVENT, { detail: what }));
}
