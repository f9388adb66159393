import { InvalidArgumentError, Option } from 'commander';

/** The largest count that any call can carry. Many calls allow less: Berth refuses what is above their bounds. */
const MOST = 2 ** 32 - 1;

/** An option that takes a whole number. */
export function count(flags: string, description: string, least = 0): Option {
  return new Option(flags, description).argParser((text: string) => {
    const number = /^[0-9]{1,10}$/.test(text) ? Number(text) : NaN;
    if (number >= least && number <= MOST) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${MOST}.`);
  });
}

/** An option that may be given several times. */
export function several(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    text,
  ]);
}
