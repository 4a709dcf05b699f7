/** A menu of actions behind a button. */
import type { ReactElement, ReactNode } from 'react';
import { DropdownMenu } from 'radix-ui';
import styles from './menu.module.css';

/** One action. */
export interface MenuItem {
  readonly label: string;
  readonly icon?: ReactNode;
  readonly onSelect: () => void;
  readonly isDangerous?: boolean;
  readonly isDisabled?: boolean;
  /** Why it is not ours to choose. */
  readonly denied?: string | undefined;
}

/** The menu; `children` is the button that opens it. A list inside the list is set apart by a line. */
export function Menu({
  items,
  children,
  isOpenAtFirst = false,
}: {
  readonly items: readonly (MenuItem | 'line')[];
  readonly children: ReactElement;
  readonly isOpenAtFirst?: boolean;
}) {
  return (
    <DropdownMenu.Root modal={false} defaultOpen={isOpenAtFirst}>
      <DropdownMenu.Trigger asChild>{children}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={styles['menu']} align="end" sideOffset={4} collisionPadding={8}>
          {items.map((item, index) =>
            item === 'line' ? (
              <DropdownMenu.Separator key={`line ${String(index)}`} className={styles['line']} />
            ) : (
              <DropdownMenu.Item
                key={item.label}
                className={styles['item']}
                data-dangerous={item.isDangerous === true ? true : undefined}
                disabled={item.isDisabled === true || item.denied !== undefined}
                title={item.denied}
                onSelect={item.onSelect}
              >
                {item.icon}
                {item.label}
              </DropdownMenu.Item>
            ),
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
