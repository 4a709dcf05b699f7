/** Chooses between light, dark, and what the system says. */
import { useState } from 'react';
import { Check, Monitor, Moon, Sun } from 'lucide-react';
import { IconButton } from '../parts/button.tsx';
import { Menu } from '../parts/menu.tsx';
import { chooseTheme, themeChoice, type ThemeChoice } from './theme.ts';

const CHOICES: readonly (readonly [ThemeChoice, string])[] = [
  ['light', 'Light'],
  ['dark', 'Dark'],
  ['system', 'As the system'],
];
const ICONS = { system: Monitor, light: Sun, dark: Moon };

export function ThemeButton() {
  const [choice, setChoice] = useState(themeChoice);
  const Icon = ICONS[choice];
  const items = CHOICES.map(([id, label]) => ({
    label,
    icon: id === choice ? <Check size={15} aria-hidden /> : <span style={{ width: 15 }} />,
    onSelect: () => {
      chooseTheme(id);
      setChoice(id);
    },
  }));
  return (
    <Menu items={items}>
      <IconButton label="Theme">
        <Icon size={16} />
      </IconButton>
    </Menu>
  );
}
