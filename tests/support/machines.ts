/** Several machines on one: network namespaces on a bridge, each with an address of its own. Needs root. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Whether namespaces can be made here. */
export function canMakeMachines(): boolean {
  return process.getuid?.() === 0 && process.platform === 'linux';
}

/** One machine. */
export interface Machine {
  readonly namespace: string;
  readonly address: string;
  /** Its end of the cable, as the bridge sees it. */
  readonly cable: string;
}

let networks = 0;

/** A bridge with machines on it, unlike those of other test runs on the same host. */
export class Machines {
  readonly machines: readonly Machine[];
  private readonly bridge: string;

  private constructor(bridge: string, machines: readonly Machine[]) {
    this.bridge = bridge;
    this.machines = machines;
  }

  /** Makes the bridge, with the first address of its net for this host, and the machines. */
  static async make(count: number): Promise<Machines> {
    networks += 1;
    const id = `${process.pid.toString(36)}${networks.toString(36)}`;
    // One of 16,384 nets of 10.64.0.0/10 by the process's number: side by side they differ.
    const number = (process.pid * 4 + networks) % 16_384;
    const net = `10.${String(64 + (number >> 8))}.${String(number & 255)}`;
    const bridge = `sb${id}`;
    const machines = Array.from({ length: count }, (_, index): Machine => {
      const name = `${id}n${index.toString(36)}`;
      return { namespace: `sn${name}`, address: `${net}.${String(index + 11)}`, cable: `sv${name}` };
    });
    const made = new Machines(bridge, machines);
    try {
      await ip('link', 'add', bridge, 'type', 'bridge');
      await ip('addr', 'add', `${net}.1/24`, 'dev', bridge);
      await ip('link', 'set', bridge, 'up');
      for (const { namespace, address, cable } of machines) {
        await ip('netns', 'add', namespace);
        await ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
        await ip('link', 'set', cable, 'master', bridge, 'up');
        await ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
        await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
        await ip('-n', namespace, 'link', 'set', 'lo', 'up');
        await ip('-n', namespace, 'route', 'add', 'default', 'via', `${net}.1`);
      }
    } catch (error) {
      await made.remove();
      throw error;
    }
    return made;
  }

  /** Puts before a command what makes it run on a machine. */
  on(machine: Machine): readonly string[] {
    return ['ip', 'netns', 'exec', machine.namespace];
  }

  /** Pulls a machine's cable: nothing reaches it, and nobody is told. */
  async cut(machine: Machine): Promise<void> {
    await ip('link', 'set', machine.cable, 'down');
  }

  /** Puts the cable back. */
  async mend(machine: Machine): Promise<void> {
    await ip('link', 'set', machine.cable, 'up');
  }

  /** Loses shares of what a machine is sent and of what it sends; 0: nothing any more. */
  async lose(machine: Machine, { ofReceived, ofSent }: { ofReceived: number; ofSent: number }): Promise<void> {
    const ways = [
      ['INPUT', '-i', ofReceived],
      ['OUTPUT', '-o', ofSent],
    ] as const;
    for (const [chain, way, share] of ways) {
      await this.filter(machine, '-F', chain);
      if (share === 0) continue;
      const chance = ['-m', 'statistic', '--mode', 'random', '--probability', String(share)];
      await this.filter(machine, '-A', chain, way, 'eth0', ...chance, '-j', 'DROP');
    }
  }

  /** Has what a machine sends to a port of others get lost; undefined: no port any more. */
  async silence(machine: Machine, port: number | undefined): Promise<void> {
    await this.filter(machine, '-F', 'OUTPUT');
    if (port === undefined) return;
    await this.filter(machine, '-A', 'OUTPUT', '-o', 'eth0', '-p', 'tcp', '--dport', String(port), '-j', 'DROP');
  }

  /** Makes a machine's cable narrow, both ways, so that what is sent waits its turn, up to some seconds; undefined: no more. */
  async narrow(machine: Machine, bitsPerSecond: number | undefined): Promise<void> {
    const ends = [
      [[], machine.cable],
      [['-n', machine.namespace], 'eth0'],
    ] as const;
    const queue = ['tbf', 'rate', `${String(bitsPerSecond)}bit`, 'burst', '1600', 'latency', '4000ms'];
    for (const [where, device] of ends) {
      if (bitsPerSecond === undefined) await exec('tc', [...where, 'qdisc', 'del', 'dev', device, 'root']);
      else await exec('tc', [...where, 'qdisc', 'replace', 'dev', device, 'root', ...queue]);
    }
  }

  private filter(machine: Machine, ...words: readonly string[]): Promise<void> {
    return ip('netns', 'exec', machine.namespace, 'iptables', ...words);
  }

  /** Takes everything away. Whatever still runs there must be ended before. */
  async remove(): Promise<void> {
    for (const { namespace, cable } of this.machines) {
      await ip('link', 'del', cable).catch(() => undefined);
      await ip('netns', 'del', namespace).catch(() => undefined);
    }
    await ip('link', 'del', this.bridge).catch(() => undefined);
  }
}

async function ip(...words: readonly string[]): Promise<void> {
  await exec('ip', words);
}
