/** The menu of a row. A list has many rows and few of their menus are opened: each is made when it is. */
import { useState, type ReactElement } from 'react';
import { PlainIconButton } from './button.tsx';
import { Menu, type MenuItem } from './menu.tsx';
import { RowIcon } from './row-icon.tsx';

/** The button. @param label says whose actions they are @param menu is rendered once it is wanted: a {@link RowMenu} */
export function RowMenuButton({ label, menu }: { readonly label: string; readonly menu: ReactElement }) {
  const [isWanted, setIsWanted] = useState(false);
  if (isWanted) return menu;
  return (
    <PlainIconButton
      label={label}
      aria-haspopup="menu"
      aria-expanded={false}
      onClick={() => {
        setIsWanted(true);
      }}
    >
      <RowIcon name="ellipsis" size={16} />
    </PlainIconButton>
  );
}

/** The menu behind the same button, open from the beginning. */
export function RowMenu({ label, items }: { readonly label: string; readonly items: readonly (MenuItem | 'line')[] }) {
  return (
    <Menu items={items} isOpenAtFirst>
      <PlainIconButton label={label}>
        <RowIcon name="ellipsis" size={16} />
      </PlainIconButton>
    </Menu>
  );
}
