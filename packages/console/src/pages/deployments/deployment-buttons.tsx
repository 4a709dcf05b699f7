/** What can be done with a deployment under way, by how it stands. */
import { CirclePause, CirclePlay, OctagonX, ThumbsDown, ThumbsUp, Undo2, type LucideIcon } from 'lucide-react';
import type { DeploymentOutcome } from '@stadion/contract/orchestrator-extensions';
import { ActionButton } from '../../actions/action-button.tsx';
import type { DeploymentAction } from '../../core/deployment-actions.ts';

interface Choice {
  readonly kind: DeploymentAction['kind'];
  readonly label: string;
  readonly icon: LucideIcon;
}

const PAUSE: Choice = { kind: 'pause-deployment', label: 'Pause', icon: CirclePause };
const RESUME: Choice = { kind: 'resume-deployment', label: 'Resume', icon: CirclePlay };
const PROMOTE: Choice = { kind: 'promote-deployment', label: 'Promote', icon: ThumbsUp };
const FAIL: Choice = { kind: 'fail-deployment', label: 'Find it bad', icon: ThumbsDown };
const ROLL_BACK: Choice = { kind: 'cancel-deployment', label: 'Roll back', icon: Undo2 };
const STOP: Choice = { kind: 'stop-deployment', label: 'Stop', icon: OctagonX };

const CHOICES: Readonly<Partial<Record<DeploymentOutcome, readonly Choice[]>>> = {
  running: [PAUSE, FAIL, ROLL_BACK, STOP],
  paused: [RESUME, FAIL, ROLL_BACK, STOP],
  canary: [PROMOTE, FAIL, PAUSE, STOP],
};

export function DeploymentButtons({
  id,
  apps,
  outcome,
}: {
  readonly id: string;
  readonly apps: readonly string[];
  readonly outcome: DeploymentOutcome;
}) {
  return (CHOICES[outcome] ?? []).map(({ kind, label, icon: Icon }) => (
    <ActionButton
      key={kind}
      icon={<Icon size={15} aria-hidden />}
      kind={kind === 'promote-deployment' ? 'primary' : 'plain'}
      action={{ kind, deploymentId: id, apps }}
    >
      {label}
    </ActionButton>
  ));
}
