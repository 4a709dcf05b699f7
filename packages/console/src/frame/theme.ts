/** Light or dark: as the system has it, unless a person chose. The choice is kept in this browser. */
export type ThemeChoice = 'system' | 'light' | 'dark';

const KEY = 'stadion.theme';
const dark = globalThis.matchMedia('(prefers-color-scheme: dark)');

/** What was chosen. */
export function themeChoice(): ThemeChoice {
  const stored = localStorage.getItem(KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

/** Chooses, for now and for later. */
export function chooseTheme(choice: ThemeChoice): void {
  if (choice === 'system') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, choice);
  show();
}

/** Shows the chosen theme, and follows the system where nothing is chosen. */
export function applyTheme(): void {
  show();
  dark.addEventListener('change', show);
}

function show(): void {
  const choice = themeChoice();
  document.documentElement.dataset['theme'] = choice === 'system' ? (dark.matches ? 'dark' : 'light') : choice;
}
