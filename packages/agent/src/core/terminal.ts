/** The terminal that a task wants for its own command (Mesos's TTYInfo). */
import type { ContainerInfo } from '@stadion/contract/mesos';

/** What a terminal begins with where nobody says otherwise. */
const SIZE_DEFAULT = { rows: 24, columns: 80 };

/** Its first size; undefined when it wants none. */
export function terminalOf(
  container: ContainerInfo | undefined,
): { readonly rows: number; readonly columns: number } | undefined {
  return container?.tty_info && (container.tty_info.window_size ?? SIZE_DEFAULT);
}
