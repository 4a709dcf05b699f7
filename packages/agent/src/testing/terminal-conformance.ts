/** What every containerizer that gives its containers a terminal must do. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ContainerExit } from '../core/container.ts';
import type { AttachedInput, Containerizer, ContainerSpec } from '../ports/containerizer.ts';
import type { ConformanceSubject } from './containerizer-conformance.ts';

/** Runs the suite. */
export function describeTerminal(name: string, makeSubject: () => ConformanceSubject): void {
  describe(`the command of a container of ${name}`, () => {
    let subject: ConformanceSubject;
    let containerizer: Containerizer;
    const exits = new Map<string, ContainerExit>();
    const onExit = (containerId: string, exit: ContainerExit): void => void exits.set(containerId, exit);

    beforeEach(async () => {
      subject = makeSubject();
      containerizer = await subject.create();
      await containerizer.recover(onExit);
    });

    afterEach(async () => {
      await containerizer.close();
      await subject.destroy();
    });

    async function attach({ containerId }: ContainerSpec): Promise<AttachedInput> {
      const outcome = await containerizer.attach?.(containerId);
      if (outcome?.ok !== true) throw new Error(outcome?.message ?? 'it cannot');
      return outcome.input;
    }

    const written = ({ directory }: ContainerSpec): string => {
      const path = join(directory, 'stdout');
      return existsSync(path) ? readFileSync(path, 'utf8') : '';
    };
    const wrote = (spec: ContainerSpec, text: string): Promise<void> =>
      subject.until(() => written(spec).includes(text));

    it('has a terminal when it wants one, and takes input from whoever comes, also after a restart of the agent', async () => {
      const text = [
        'tty >/dev/null || exit 9; echo ready',
        'read one; echo "first $one"; until [ "$(stty size)" = "33 99" ]; do sleep 0.02; done; echo sized',
        'read two; echo "second $two"; exit 7',
      ].join('; ');
      const plain = await subject.spec('runs');
      const spec: ContainerSpec = {
        ...plain,
        command: { kind: 'shell', text },
        container: { type: 'MESOS', ...plain.container, tty_info: {} },
      };
      expect(await containerizer.launch(spec)).toMatchObject({ ok: true });
      await wrote(spec, 'ready');
      const first = await attach(spec);
      first.stdin.write('a\r');
      await wrote(spec, 'first a');
      first.resize({ rows: 33, columns: 99 });
      await wrote(spec, 'sized');
      first.stdin.end();

      await containerizer.close();
      containerizer = await subject.recreate();
      expect(await containerizer.recover(onExit)).toMatchObject([{ state: 'running' }]);
      (await attach(spec)).stdin.end('b\r');
      await wrote(spec, 'second b');
      await subject.until(() => exits.has(spec.containerId));
      expect(exits.get(spec.containerId)).toEqual({ kind: 'exited', code: 7 });
    });

    it('takes none without', async () => {
      const spec = await subject.spec('runs');
      await containerizer.launch(spec);
      expect(await containerizer.attach?.(spec.containerId)).toMatchObject({
        ok: false,
        message: expect.stringContaining('has no terminal'),
      });
    });
  });
}
