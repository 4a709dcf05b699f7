/** The ways to the main pages: a column beside the page, or a bar below it on a phone. */
import { useQuery } from '@tanstack/react-query';
import { Link, type LinkProps } from '@tanstack/react-router';
import {
  Activity,
  Boxes,
  LayoutDashboard,
  Map as MapIcon,
  Network,
  Rocket,
  Server,
  Signpost,
  Waypoints,
  type LucideIcon,
} from 'lucide-react';
import { deploymentsQuery } from '../data/queries.ts';
import { ClusterSign } from './cluster-sign.tsx';
import { ConnectionSign } from './connection.tsx';
import { ThemeButton } from './theme-button.tsx';
import styles from './frame.module.css';
import mark from './stadion.svg';

interface Place {
  readonly to: NonNullable<LinkProps['to']>;
  readonly label: string;
  readonly icon: LucideIcon;
  /** How many deployments run stands beside it. */
  readonly countsDeployments?: boolean;
  /** Also on a phone, where there is room for five. */
  readonly isOnPhone?: boolean;
}

const PLACES: readonly Place[] = [
  { to: '/', label: 'Overview', icon: LayoutDashboard, isOnPhone: true },
  { to: '/apps', label: 'Apps', icon: Boxes, isOnPhone: true },
  { to: '/deployments', label: 'Deployments', icon: Rocket, countsDeployments: true, isOnPhone: true },
  { to: '/nodes', label: 'Nodes', icon: Server, isOnPhone: true },
  { to: '/map', label: 'Map', icon: MapIcon },
  { to: '/cluster', label: 'Cluster', icon: Network },
  { to: '/routes', label: 'Routes', icon: Signpost },
  { to: '/names', label: 'Names', icon: Waypoints },
  { to: '/events', label: 'Events', icon: Activity, isOnPhone: true },
];

export function NavigationBar() {
  return (
    <nav aria-label="Main" className={styles['navigation']}>
      <Link to="/" className={styles['brand']}>
        <img src={mark} alt="" width={28} height={28} />
        Stadion
      </Link>
      <ClusterSign />
      <div className={styles['links']}>
        {PLACES.map((place) => (
          <PlaceLink key={place.label} place={place} className={styles['link'] ?? ''} size={16} />
        ))}
      </div>
      <div className={styles['foot']}>
        <ConnectionSign />
        <ThemeButton />
      </div>
    </nav>
  );
}

export function PhoneBar() {
  return (
    <nav aria-label="Main" className={styles['phone']}>
      {PLACES.filter(({ isOnPhone }) => isOnPhone).map((place) => (
        <PlaceLink key={place.label} place={place} className="" size={18} />
      ))}
    </nav>
  );
}

function PlaceLink({
  place,
  className,
  size,
}: {
  readonly place: Place;
  readonly className: string;
  readonly size: number;
}) {
  const { icon: Icon } = place;
  return (
    <Link to={place.to} className={className} activeOptions={{ exact: place.to === '/', includeSearch: false }}>
      <Icon size={size} aria-hidden />
      {place.label}
      {place.countsDeployments === true && <DeploymentCount />}
    </Link>
  );
}

function DeploymentCount() {
  const { data } = useQuery(deploymentsQuery);
  if (data === undefined || data.length === 0) return null;
  return (
    <span className={styles['number']}>
      {data.length}
      <span className="visually-hidden"> running</span>
    </span>
  );
}
