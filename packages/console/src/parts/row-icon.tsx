/** Icons for the rows of long lists: each is drawn once for the whole page, rows only refer to it. */
import {
  Blocks,
  Box,
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CirclePause,
  Clock,
  Container,
  Ellipsis,
  Folder,
  Hourglass,
  LoaderCircle,
  type LucideIcon,
} from 'lucide-react';

const ICONS = {
  blocks: Blocks,
  box: Box,
  container: Container,
  folder: Folder,
  alert: CircleAlert,
  check: CircleCheck,
  dashed: CircleDashed,
  help: CircleHelp,
  pause: CirclePause,
  clock: Clock,
  hourglass: Hourglass,
  loader: LoaderCircle,
  ellipsis: Ellipsis,
} as const satisfies Readonly<Record<string, LucideIcon>>;

export type RowIconName = keyof typeof ICONS;

/** What {@link RowIcon} refers to; stands in the frame. */
export function RowIconDrawings() {
  return (
    <svg width={0} height={0} aria-hidden style={{ position: 'absolute' }}>
      {Object.entries(ICONS).map(([name, Icon]) => (
        <symbol key={name} id={`icon-${name}`} viewBox="0 0 24 24">
          <Icon />
        </symbol>
      ))}
    </svg>
  );
}

export function RowIcon({
  name,
  size,
  className,
}: {
  readonly name: RowIconName;
  readonly size: number;
  readonly className?: string | undefined;
}) {
  return (
    <svg width={size} height={size} className={className} aria-hidden>
      <use href={`#icon-${name}`} />
    </svg>
  );
}
