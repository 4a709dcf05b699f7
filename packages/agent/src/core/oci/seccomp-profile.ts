/**
 * Seccomp profiles of the operator's own, in the format of Docker's (`archMap`, rules with `includes` and `excludes`) or as an
 * OCI runtime takes them. What of it holds for a container is worked out here: runtimes know nothing of conditions.
 */
import { Type, type Static } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { SeccompArgument, type SeccompProfile } from './seccomp.ts';

const Names = Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()]));
const Condition = Type.Optional(
  Type.Object({ caps: Names, arches: Names, minKernel: Type.Optional(Type.Union([Type.String(), Type.Null()])) }),
);
const Rule = Type.Object({
  name: Type.Optional(Type.String()),
  names: Names,
  action: Type.String(),
  errnoRet: Type.Optional(Type.Integer()),
  args: Type.Optional(Type.Union([Type.Array(SeccompArgument), Type.Null()])),
  includes: Condition,
  excludes: Condition,
});
const Profile = Type.Object({
  defaultAction: Type.String(),
  defaultErrnoRet: Type.Optional(Type.Integer()),
  architectures: Names,
  archMap: Type.Optional(
    Type.Union([Type.Array(Type.Object({ architecture: Type.String(), subArchitectures: Names })), Type.Null()]),
  ),
  syscalls: Type.Optional(Type.Union([Type.Array(Rule), Type.Null()])),
});

/** What conditions ask for. */
export interface SeccompFacts {
  /** As Node names it. */
  readonly architecture: string;
  /** `6.1.0` and more. */
  readonly kernel: string;
  readonly capabilities: readonly string[];
}

/** Docker's and libseccomp's names of processors, by Node's. */
const ARCHITECTURES: Readonly<Record<string, { readonly docker: string; readonly seccomp: string }>> = {
  x64: { docker: 'amd64', seccomp: 'SCMP_ARCH_X86_64' },
  arm64: { docker: 'arm64', seccomp: 'SCMP_ARCH_AARCH64' },
  riscv64: { docker: 'riscv64', seccomp: 'SCMP_ARCH_RISCV64' },
  s390x: { docker: 's390x', seccomp: 'SCMP_ARCH_S390X' },
  ppc64: { docker: 'ppc64le', seccomp: 'SCMP_ARCH_PPC64LE' },
};

/**
 * @param value a profile, parsed from JSON
 * @returns what the runtime takes, or a sentence about what is wrong with it
 */
export function readSeccompProfile(value: unknown, facts: SeccompFacts): SeccompProfile | { readonly problem: string } {
  if (!Value.Check(Profile, value)) {
    const [error] = Value.Errors(Profile, value);
    return { problem: `is no seccomp profile: ${error?.path ?? ''} ${error?.message ?? ''}` };
  }
  const syscalls = (value.syscalls ?? []).filter((rule) => holds(rule, facts));
  return {
    defaultAction: value.defaultAction,
    ...(value.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: value.defaultErrnoRet }),
    architectures: architecturesOf(value, facts),
    syscalls: syscalls.map(({ name, names, action, errnoRet, args }) => {
      return {
        names: names ?? (name === undefined ? [] : [name]),
        action,
        ...(errnoRet === undefined ? {} : { errnoRet }),
        ...((args ?? []).length === 0 ? {} : { args: args ?? [] }),
      };
    }),
  };
}

function architecturesOf(profile: Static<typeof Profile>, { architecture }: SeccompFacts): readonly string[] {
  if ((profile.architectures ?? []).length > 0) return profile.architectures ?? [];
  const own = ARCHITECTURES[architecture]?.seccomp;
  const entry = (profile.archMap ?? []).find((each) => each.architecture === own);
  return entry === undefined ? [] : [entry.architecture, ...(entry.subArchitectures ?? [])];
}

function holds({ includes, excludes }: Static<typeof Rule>, facts: SeccompFacts): boolean {
  const own = ARCHITECTURES[facts.architecture]?.docker ?? facts.architecture;
  const { caps, arches, minKernel } = includes ?? {};
  if ((arches ?? []).length > 0 && arches?.includes(own) !== true) return false;
  if (caps?.every((each) => facts.capabilities.includes(each)) === false) return false;
  if (typeof minKernel === 'string' && !isAtLeast(facts.kernel, minKernel)) return false;
  if (excludes?.arches?.includes(own) === true) return false;
  if (excludes?.caps?.some((each) => facts.capabilities.includes(each)) === true) return false;
  return !(typeof excludes?.minKernel === 'string' && isAtLeast(facts.kernel, excludes.minKernel));
}

/** Compares the first two numbers of versions. */
function isAtLeast(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = numbersOf(version);
  const [wantedMajor = 0, wantedMinor = 0] = numbersOf(wanted);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function numbersOf(version: string): number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10));
}
