/** What can be done with an app: buttons on its page, a menu in its row. */
import { useNavigate } from '@tanstack/react-router';
import { CirclePause, Ellipsis, Pencil, Plus, RotateCw, Scale, SkipForward, Trash2 } from 'lucide-react';
import { Button, IconButton } from '../parts/button.tsx';
import { Menu, type MenuItem } from '../parts/menu.tsx';
import { RowMenu, RowMenuButton } from '../parts/row-menu.tsx';
import { useAsk } from './use-actions.ts';
import { useDenied } from './use-denied.ts';

/** What must be known of an app to offer something. */
export interface ActionableApp {
  readonly id: string;
  readonly instances: number;
  readonly isStateful: boolean;
  readonly isDelayed: boolean;
}

function useItems({ id, instances, isStateful, isDelayed }: ActionableApp): readonly (MenuItem | 'line')[] {
  const ask = useAsk();
  const navigate = useNavigate();
  // All that is done with an app takes the same.
  const denied = useDenied()({ kind: 'restart', appId: id, instances });
  return [
    {
      label: 'Scale',
      denied,
      icon: <Scale size={15} aria-hidden />,
      onSelect: () => {
        ask({ kind: 'scale', appId: id, current: instances, wanted: instances, isStateful });
      },
    },
    {
      label: 'Restart',
      denied,
      icon: <RotateCw size={15} aria-hidden />,
      onSelect: () => {
        ask({ kind: 'restart', appId: id, instances });
      },
    },
    {
      label: 'Edit',
      denied,
      icon: <Pencil size={15} aria-hidden />,
      onSelect: () => void navigate({ to: '/edit/$', params: { _splat: id.slice(1) } }),
    },
    ...(isDelayed
      ? [
          {
            label: 'Launch now',
            denied,
            icon: <SkipForward size={15} aria-hidden />,
            onSelect: () => {
              ask({ kind: 'reset-delay', appId: id });
            },
          },
        ]
      : []),
    'line',
    {
      label: 'Suspend',
      denied,
      icon: <CirclePause size={15} aria-hidden />,
      isDisabled: instances === 0,
      onSelect: () => {
        ask({ kind: 'suspend', appId: id, instances });
      },
    },
    {
      label: 'Destroy',
      denied,
      icon: <Trash2 size={15} aria-hidden />,
      isDangerous: true,
      onSelect: () => {
        ask({ kind: 'destroy', appId: id, instances });
      },
    },
  ];
}

/** The menu of a row. */
export function AppMenu({ app }: { readonly app: ActionableApp }) {
  const label = `Actions for ${app.id}`;
  return <RowMenuButton label={label} menu={<MadeAppMenu label={label} app={app} />} />;
}

function MadeAppMenu({ label, app }: { readonly label: string; readonly app: ActionableApp }) {
  return <RowMenu label={label} items={useItems(app)} />;
}

/** The buttons of the page: the first ones by name, the rest in a menu. */
export function AppButtons({ app }: { readonly app: ActionableApp }) {
  const items = useItems(app);
  const first = items.slice(0, 3).filter((item) => item !== 'line');
  const rest = items.slice(3);
  return (
    <>
      {first.map(({ label, icon, denied, onSelect }) => (
        <Button key={label} icon={icon} denied={denied} onClick={onSelect}>
          {label}
        </Button>
      ))}
      <Menu items={rest[0] === 'line' ? rest.slice(1) : rest}>
        <IconButton label="More actions">
          <Ellipsis size={16} />
        </IconButton>
      </Menu>
    </>
  );
}

/** The menu of a group's row. */
export function GroupMenu({ id, apps }: { readonly id: string; readonly apps: number }) {
  const label = `Actions for ${id}`;
  return <RowMenuButton label={label} menu={<MadeGroupMenu label={label} id={id} apps={apps} />} />;
}

function MadeGroupMenu({ label, id, apps }: { readonly label: string; readonly id: string; readonly apps: number }) {
  const ask = useAsk();
  const denied = useDenied()({ kind: 'suspend-group', groupId: id, apps });
  const navigate = useNavigate();
  const items: readonly (MenuItem | 'line')[] = [
    {
      label: 'New app here',
      denied,
      icon: <Plus size={15} aria-hidden />,
      onSelect: () => void navigate({ to: '/new', search: { group: id } }),
    },
    {
      label: 'Scale',
      denied,
      icon: <Scale size={15} aria-hidden />,
      onSelect: () => {
        ask({ kind: 'scale-group', groupId: id, apps, factor: 2 });
      },
    },
    {
      label: 'Suspend',
      denied,
      icon: <CirclePause size={15} aria-hidden />,
      onSelect: () => {
        ask({ kind: 'suspend-group', groupId: id, apps });
      },
    },
    'line',
    {
      label: 'Destroy',
      denied,
      icon: <Trash2 size={15} aria-hidden />,
      isDangerous: true,
      onSelect: () => {
        ask({ kind: 'destroy-group', groupId: id, apps });
      },
    },
  ];
  return <RowMenu label={label} items={items} />;
}
