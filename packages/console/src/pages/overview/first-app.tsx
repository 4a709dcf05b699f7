/** What to do while nothing runs: one click runs a sample. */
import { useMutation } from '@tanstack/react-query';
import { Rocket } from 'lucide-react';
import { SAMPLE_APP } from '../../core/sample-app.ts';
import { api } from '../../data/api.ts';
import { Button } from '../../parts/button.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';

export function FirstApp() {
  const deploy = useMutation({ mutationFn: () => api.createApp({ body: SAMPLE_APP }) });
  return (
    <Panel isFlush>
      <EmptyState
        icon={Rocket}
        title="Nothing runs here yet"
        actions={
          <Button
            kind="primary"
            disabled={deploy.isPending}
            onClick={() => {
              deploy.mutate();
            }}
          >
            Deploy the sample
          </Button>
        }
      >
        {deploy.error === null
          ? 'Deploy a small web server to see how apps, instances, health and logs look, or describe an app of your own.'
          : deploy.error.message}
      </EmptyState>
    </Panel>
  );
}
