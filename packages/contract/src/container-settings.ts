/** The settings of an agent about containers, most of them about those of Linux. */
import { Type } from '@sinclair/typebox';

const text = (valueName: string, description: string) =>
  Type.Optional(Type.String({ minLength: 1, valueName, description }));

/** Each setting by its name. */
export const containerSettings = {
  cniConfigDir: text(
    'dir',
    'networks of this machine that containers may join, as CNI configurations (.conflist, .conf)',
  ),
  hardCpuLimit: Type.Boolean({
    default: false,
    description: 'the cpus of a container are the most it gets, not only its share when others want to run as well',
  }),
  allowedCapabilities: text(
    'names',
    'capabilities that tasks may ask for beside those that every container has, e.g. "NET_ADMIN,SYS_NICE" (default: none)',
  ),
  seccompConfigDir: text('dir', 'seccomp profiles that tasks may name, one JSON file each, in the format of Docker'),
  revocableCpus: Type.String({
    pattern: String.raw`^(?:off|auto|\d+(?:\.\d+)?)$`,
    default: 'off',
    valueName: 'auto|off|number',
    description:
      'lend cpus that tasks leave free to apps that take revocable ones: auto (all but a margin), off, or at most so many',
  }),
  gpuDevices: text(
    'paths',
    'devices that are gpus, one each, e.g. "/dev/nvidia0,/dev/nvidia1"; they are offered as the resource gpus',
  ),
  gpuSharedDevices: text(
    'paths',
    'devices that every task with a gpu gets beside it, e.g. "/dev/nvidiactl,/dev/nvidia-uvm"',
  ),
};
