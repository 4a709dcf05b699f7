/** What every source of nodes promises, whatever is behind it. */
import { delay } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServiceNode } from '../core/service-node.ts';
import type { NodeSource } from '../source.ts';

/** A source with what stands behind it, in a test's hands. */
export interface SourceStage {
  readonly source: NodeSource;
  /** The name of a service as this source takes it. */
  readonly service: string;
  /** From now on the service has instances at these ports of 127.0.0.1; empty: there is no such service. */
  put(ports: readonly number[]): Promise<void>;
  /** What is behind it goes away; absent where nothing is. */
  fail?(): Promise<void>;
  /** And is there again. */
  recover?(): Promise<void>;
  close(): Promise<void>;
}

const PATIENCE_MS = 20_000;

/**
 * Runs the suite.
 * @param open a new stage, with a service that nobody provides yet
 * @param isRemote whether there is something behind the source that may go away
 */
export function sourceConformance(name: string, open: () => Promise<SourceStage>, isRemote = true): void {
  describe(`${name} as a source`, () => {
    let stage: SourceStage;
    let told: (readonly ServiceNode[])[];
    let troubles: number;

    beforeEach(async () => {
      stage = await open();
      told = [];
      troubles = 0;
    });

    afterEach(async () => {
      await stage.source.close();
      await stage.close();
    });

    const follow = () =>
      stage.source.follow(stage.service, {
        onNodes: (nodes) => told.push(nodes),
        onTrouble: () => (troubles += 1),
      });
    const ports = (): string =>
      (told.at(-1) ?? [])
        .map(({ port }) => port)
        .sort((one, other) => one - other)
        .join();

    async function until(what: string, condition: () => boolean): Promise<void> {
      const end = systemClock.monotonic() + PATIENCE_MS;
      while (!condition()) {
        if (systemClock.monotonic() > end) throw new Error(`Waited in vain until ${what}; lastly ${ports()}`);
        await delay(systemTimers, 10);
      }
    }

    test('a service that nobody provides has no nodes, which is no trouble', async () => {
      follow();
      await until('it is told', () => told.length > 0);
      expect([told.at(-1), troubles]).toEqual([[], 0]);
    });

    test('nodes that are there are told of, then each that comes or goes', async () => {
      await stage.put([4001]);
      follow();
      await until('the first is seen', () => ports() === '4001');
      expect(told.at(-1)).toMatchObject([{ host: '127.0.0.1', healthcheckStatus: 'healthy' }]);
      await stage.put([4001, 4002]);
      await until('the second is seen', () => ports() === '4001,4002');
      await stage.put([4002]);
      await until('the first has gone', () => ports() === '4002');
    });

    test.runIf(isRemote)(
      'what is behind may go away: that is trouble, never an empty service; back again, it is right again',
      async () => {
        await stage.put([4001]);
        follow();
        await until('it is seen', () => ports() === '4001');
        await stage.fail?.();
        await until('there is trouble', () => troubles > 0);
        expect(ports()).toBe('4001');
        await stage.recover?.();
        await stage.put([4001, 4003]);
        await until('what is new is seen', () => ports() === '4001,4003');
        expect(told.filter((nodes) => nodes.length === 0)).toEqual([]);
      },
    );

    test('whoever has closed hears nothing more', async () => {
      await stage.put([4001]);
      const first = follow();
      await until('it is seen', () => ports() === '4001');
      first.close();
      const heard = told.length;
      await stage.put([4002]);
      const other: (readonly ServiceNode[])[] = [];
      stage.source.follow(stage.service, { onNodes: (nodes) => other.push(nodes), onTrouble: () => undefined });
      await until('another hears', () => other.at(-1)?.[0]?.port === 4002);
      expect(told).toHaveLength(heard);
    });
  });
}
