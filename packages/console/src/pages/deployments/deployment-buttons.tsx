/** What can be done with a deployment under way, by how it stands. */
import { CirclePause, CirclePlay, OctagonX, ThumbsDown, ThumbsUp, Undo2, type LucideIcon } from 'lucide-react';
import type { DeploymentOutcome } from '@stadion/contract/orchestrator-extensions';
import { useAsk } from '../../actions/use-actions.ts';
import type { DeploymentAction } from '../../core/deployment-actions.ts';
import { Button } from '../../parts/button.tsx';

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
  const ask = useAsk();
  return (CHOICES[outcome] ?? []).map(({ kind, label, icon: Icon }) => (
    <Button
      key={kind}
      icon={<Icon size={15} aria-hidden />}
      kind={kind === 'promote-deployment' ? 'primary' : 'plain'}
      onClick={() => {
        ask({ kind, deploymentId: id, apps });
      }}
    >
      {label}
    </Button>
  ));
}
