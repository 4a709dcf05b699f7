/** What helps: the keys, the API, and what this cluster is. */
import { useNavigate } from '@tanstack/react-router';
import { BookOpen, CircleQuestionMark, FileJson, Info, Keyboard } from 'lucide-react';
import { PlainIconButton } from '../parts/button.tsx';
import { Menu } from '../parts/menu.tsx';
import { openOverlay } from './open-overlay.ts';

export function HelpMenu() {
  const navigate = useNavigate();
  return (
    <Menu
      items={[
        {
          label: 'Keyboard shortcuts',
          icon: <Keyboard size={15} aria-hidden />,
          onSelect: () => {
            openOverlay('keys');
          },
        },
        {
          label: 'The API',
          icon: <BookOpen size={15} aria-hidden />,
          onSelect: () => void navigate({ to: '/api' }),
        },
        {
          label: 'OpenAPI document',
          icon: <FileJson size={15} aria-hidden />,
          onSelect: () => {
            window.open('/v2/openapi.json', '_blank', 'noopener');
          },
        },
        {
          label: 'About this cluster',
          icon: <Info size={15} aria-hidden />,
          onSelect: () => void navigate({ to: '/cluster' }),
        },
      ]}
    >
      <PlainIconButton label="Help">
        <CircleQuestionMark size={16} />
      </PlainIconButton>
    </Menu>
  );
}
