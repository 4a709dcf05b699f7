/** Apps that run on cpus which are only lent to them: best effort, on what services leave free. */
import type { Refuse } from './checked.ts';
import { isResident, type AppSpec } from './spec.ts';

/** The label by which an app says so. */
const LABEL = 'stadion.resources';
const REVOCABLE = 'revocable';

/** Whether the instances of an app take revocable cpus; all others take those that are their own. */
export function takesRevocable({ labels }: Pick<AppSpec, 'labels'>): boolean {
  return labels[LABEL] === REVOCABLE;
}

/** What is reserved stays, and what is lent does not. */
export function revocableRules(app: AppSpec, refuse: Refuse): void {
  const value = app.labels[LABEL];
  const path = `/labels/${LABEL}`;
  refuse(value !== undefined && value !== REVOCABLE, path, `must be '${REVOCABLE}', or not be there`);
  refuse(
    value === REVOCABLE && isResident(app),
    path,
    'must not be there where there are volumes that stay: the cpus beside them are reserved',
  );
}
