/** Chooses between light, dark, and what the system says. */
import { useState } from 'react';
import { Monitor, Moon, Sun } from 'lucide-react';
import { IconButton } from '../parts/button.tsx';
import { chooseTheme, themeChoice, type ThemeChoice } from './theme.ts';

const NEXT: Readonly<Record<ThemeChoice, ThemeChoice>> = { system: 'light', light: 'dark', dark: 'system' };
const ICONS = { system: Monitor, light: Sun, dark: Moon };

export function ThemeButton() {
  const [choice, setChoice] = useState(themeChoice);
  const Icon = ICONS[choice];
  return (
    <IconButton
      label={`Theme: ${choice}`}
      onClick={() => {
        chooseTheme(NEXT[choice]);
        setChoice(NEXT[choice]);
      }}
    >
      <Icon size={16} />
    </IconButton>
  );
}
