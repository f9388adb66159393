/** A value of a script. Arrays are tables whose first index is 1. */
export type Value = string | number | boolean | undefined | Table | Call;
export type Table = Map<Value, Value>;
export type Call = (...args: readonly Value[]) => Value;

/** The variables of a run of a script. */
export type Scope = Map<string, Value>;

export const tableOf = (values: readonly Value[]): Table => new Map(values.map((one, at) => [at + 1, one]));

export const isTrue = (value: Value): boolean => value !== undefined && value !== false;

/** A text counts as its number in a sum. */
export const numberOf = (value: Value): number => Number(value);

/** A text, or a number as it is written. */
export function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw new Error('a script has something else where a text is due');
}

const LIBRARY: Readonly<Record<string, Readonly<Record<string, Call>>>> = {
  math: {
    floor: (one) => Math.floor(numberOf(one)),
    max: (...all) => Math.max(...all.map(numberOf)),
  },
  string: {
    sub: (text, from, to) => textOf(text).slice(numberOf(from) - 1, numberOf(to)),
    format: (pattern, ...values) => formatted(textOf(pattern), values),
  },
};

/** What a script finds beside its own variables. */
export function globals(call: Call): Scope {
  const library = Object.entries(LIBRARY).map(([name, calls]): [string, Value] => [
    name,
    new Map(Object.entries(calls)),
  ]);
  return new Map<string, Value>([
    ...library,
    ['tonumber', (text) => Number(text)],
    ['redis', new Map<Value, Value>([['call', call]])],
  ]);
}

function formatted(pattern: string, values: readonly Value[]): string {
  const left = [...values];
  return pattern.replaceAll(/%s|%\.0f/g, () => textOf(left.shift()));
}
