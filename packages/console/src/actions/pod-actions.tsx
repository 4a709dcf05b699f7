/** What can be done with a pod: buttons on its page, a menu in its row. */
import { useNavigate } from '@tanstack/react-router';
import { Pencil, Scale, Trash2 } from 'lucide-react';
import { Button } from '../parts/button.tsx';
import type { MenuItem } from '../parts/menu.tsx';
import { RowMenu, RowMenuButton } from '../parts/row-menu.tsx';
import { useAsk } from './use-actions.ts';
import { useDenied } from './use-denied.ts';

interface ActionablePod {
  readonly id: string;
  readonly instances: number;
}

function useItems({ id, instances }: ActionablePod): readonly MenuItem[] {
  const ask = useAsk();
  const navigate = useNavigate();
  const denied = useDenied()({ kind: 'destroy-pod', podId: id, instances });
  return [
    {
      label: 'Scale',
      denied,
      icon: <Scale size={15} aria-hidden />,
      onSelect: () => {
        ask({ kind: 'scale-pod', podId: id, current: instances, wanted: instances });
      },
    },
    {
      label: 'Edit',
      denied,
      icon: <Pencil size={15} aria-hidden />,
      onSelect: () => void navigate({ to: '/edit-pod/$', params: { _splat: id.slice(1) } }),
    },
    {
      label: 'Destroy',
      denied,
      icon: <Trash2 size={15} aria-hidden />,
      isDangerous: true,
      onSelect: () => {
        ask({ kind: 'destroy-pod', podId: id, instances });
      },
    },
  ];
}

/** The menu of a row. */
export function PodMenu(pod: ActionablePod) {
  const label = `Actions for ${pod.id}`;
  return <RowMenuButton label={label} menu={<MadePodMenu label={label} pod={pod} />} />;
}

function MadePodMenu({ label, pod }: { readonly label: string; readonly pod: ActionablePod }) {
  return <RowMenu label={label} items={useItems(pod)} />;
}

/** The buttons of the page. */
export function PodButtons(pod: ActionablePod) {
  return useItems(pod).map(({ label, icon, denied, onSelect }) => (
    <Button key={label} icon={icon} denied={denied} onClick={onSelect}>
      {label}
    </Button>
  ));
}
