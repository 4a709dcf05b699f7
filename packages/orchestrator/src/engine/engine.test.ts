import { describe, expect, it } from 'vitest';
import { TestPlatform, appSpec, valueOf } from './testing/platform.ts';

describe('deploying', () => {
  it('launches what is asked for and finishes the deployment', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web', { instances: 5 })]));
    expect(platform.engine.view.deployments()).toHaveLength(1);
    expect(await platform.quiet()).toBe(true);
    expect(platform.running('/web')).toBe(5);
    expect(platform.master.alive('web')).toHaveLength(5);
    expect(platform.ofType('deployment_success')).toHaveLength(1);
  });

  it('scales up and down', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/web', { instances: 2 })]));
    await platform.quiet();
    valueOf(await platform.put([appSpec('/web', { instances: 6 })]));
    await platform.quiet();
    expect(platform.master.alive('web')).toHaveLength(6);
    valueOf(await platform.put([appSpec('/web', { instances: 1 })]));
    await platform.quiet();
    expect(platform.master.alive('web')).toHaveLength(1);
    expect(platform.master.launched).toHaveLength(6);
  });

  it('removes an app with everything that was stored of it', async () => {
    const platform = await TestPlatform.started();
    valueOf(await platform.put([appSpec('/a/web', { instances: 3 })]));
    await platform.quiet();
    valueOf(await platform.remove('/a/web'));
    expect(platform.app('/a/web')).toBeUndefined();
    await platform.quiet();
    await platform.time.advance(100);
    expect(platform.master.alive()).toHaveLength(0);
    expect([...platform.store.records.keys()]).toEqual(['orchestrator/framework', 'orchestrator/root']);
    expect(platform.ofType('app_terminated_event')).toHaveLength(1);
  });
});
