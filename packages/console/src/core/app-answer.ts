/** Is an app serving? One sentence, and how good that is. */
import type { AppInfo } from '@stadion/contract/orchestrator';
import { count, counted } from './amounts.ts';

/** The answer. */
export interface ServingAnswer {
  readonly tone: 'good' | 'warn' | 'bad' | 'idle';
  readonly sentence: string;
}

/** From the counts of the app's tasks. Without checks a running instance counts as serving. */
export function servingAnswer(app: AppInfo): ServingAnswer {
  const { instances, tasksRunning: running = 0, tasksHealthy: healthy = 0 } = app;
  if (instances === 0 && running === 0) return { tone: 'idle', sentence: 'Suspended: no instance is wanted' };
  const isChecked = (app.healthChecks ?? []).length > 0;
  const serving = isChecked ? healthy : running;
  if (serving === 0) return { tone: 'bad', sentence: `Not serving: none of ${counted(instances, 'instance')} is up` };
  const kind = isChecked ? 'healthy' : 'running';
  if (serving < instances) {
    return { tone: 'warn', sentence: `Serving with ${count(serving)} of ${counted(instances, 'instance')} ${kind}` };
  }
  return { tone: 'good', sentence: `Serving: ${counted(serving, 'instance')} ${kind}` };
}
