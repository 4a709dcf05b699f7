/** The flags of the simulator's programs; one that is not understood ends the program with a message. */
import { describeError } from '@stadion/base';

/** Reads flags; asked for help, or told what it does not know, the program says so and ends. */
export class CommandLine {
  private readonly usage: string;

  /** @param usage what is printed for help, and with every refusal */
  constructor(usage: string) {
    this.usage = usage;
  }

  /** @param parse gives the flags, or throws an error that says what is wrong with them */
  read<Flags extends { readonly help: boolean }>(parse: () => { readonly values: Flags }): Flags {
    try {
      const { values } = parse();
      if (!values.help) return values;
    } catch (error) {
      return this.refuse(describeError(error));
    }
    console.log(this.usage);
    process.exit(0);
  }

  wholeNumber(name: string, text: string, minimum: number): number {
    const value = Number(text);
    if (Number.isInteger(value) && value >= minimum) return value;
    return this.refuse(`--${name} takes a whole number of at least ${String(minimum)}.`);
  }

  refuse(problem: string): never {
    console.error(`${problem}\n${this.usage}`);
    process.exit(2);
  }
}
