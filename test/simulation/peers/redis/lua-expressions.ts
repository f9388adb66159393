import {
  type Call,
  isTrue,
  numberOf,
  type Scope,
  type Table,
  tableOf,
  textOf,
  type Value,
} from './lua-values.js';
import type { WordReader } from './lua-reader.js';

/** An expression that was read: its value where it is run, and where it is a place, how a value is put there. */
export interface Run {
  (scope: Scope): Value;
  readonly put: (scope: Scope, value: Value) => undefined;
}

type Operation = (one: Value, other: Value) => Value;

/** The weakest first. `and` and `or` are not among them: they leave out what is not needed. */
const OPERATIONS: readonly Readonly<Record<string, Operation>>[] = [
  {
    '==': (one, other) => one === other,
    '~=': (one, other) => one !== other,
    '<': (one, other) => numberOf(one) < numberOf(other),
    '>': (one, other) => numberOf(one) > numberOf(other),
    '<=': (one, other) => numberOf(one) <= numberOf(other),
    '>=': (one, other) => numberOf(one) >= numberOf(other),
  },
  { '..': (one, other) => `${textOf(one)}${textOf(other)}` },
  {
    '+': (one, other) => numberOf(one) + numberOf(other),
    '-': (one, other) => numberOf(one) - numberOf(other),
  },
  {
    '*': (one, other) => numberOf(one) * numberOf(other),
    '/': (one, other) => numberOf(one) / numberOf(other),
  },
];

const LITERALS: Readonly<Record<string, Value>> = { true: true, false: false, nil: undefined };

/** Reads one expression. */
export function expressionFrom(reader: WordReader): Run {
  let run = conjunction(reader);
  while (reader.takes('or')) {
    const [one, other] = [run, conjunction(reader)];
    run = valueOf((scope) => {
      const value = one(scope);
      return isTrue(value) ? value : other(scope);
    });
  }
  return run;
}

function conjunction(reader: WordReader): Run {
  let run = operation(reader, 0);
  while (reader.takes('and')) {
    const [one, other] = [run, operation(reader, 0)];
    run = valueOf((scope) => {
      const value = one(scope);
      return isTrue(value) ? other(scope) : value;
    });
  }
  return run;
}

function operation(reader: WordReader, level: number): Run {
  const operations = OPERATIONS[level];
  if (!operations) return unary(reader);
  let run = operation(reader, level + 1);
  while (reader.isAt(...Object.keys(operations))) {
    const operate = operations[reader.take()]!;
    const [one, other] = [run, operation(reader, level + 1)];
    run = valueOf((scope) => operate(one(scope), other(scope)));
  }
  return run;
}

function unary(reader: WordReader): Run {
  if (reader.takes('not')) {
    const of = unary(reader);
    return valueOf((scope) => !isTrue(of(scope)));
  }
  if (reader.takes('#')) {
    const of = unary(reader);
    return valueOf((scope) => lengthOf(of(scope)));
  }
  return suffixed(reader);
}

/** What is called, and places in tables. */
function suffixed(reader: WordReader): Run {
  let run = primary(reader);
  while (reader.isAt('.', '[', '(')) {
    const of = run;
    if (reader.takes('(')) {
      const args = list(reader, ')');
      run = valueOf((scope) => (of(scope) as Call)(...args.map((arg) => arg(scope))));
    } else run = placeIn(of, indexFrom(reader));
  }
  return run;
}

function indexFrom(reader: WordReader): (scope: Scope) => Value {
  if (reader.takes('.')) {
    const name = reader.take();
    return () => name;
  }
  reader.expect('[');
  const at = expressionFrom(reader);
  reader.expect(']');
  return at;
}

function primary(reader: WordReader): Run {
  if (reader.takes('(')) {
    const inner = expressionFrom(reader);
    reader.expect(')');
    return inner;
  }
  if (reader.takes('{')) {
    const values = list(reader, '}');
    return valueOf((scope) => tableOf(values.map((value) => value(scope))));
  }
  const { kind } = reader.next;
  const text = reader.take();
  if (kind === 'text') return valueOf(() => text);
  if (kind === 'number') return valueOf(() => Number(text));
  if (Object.hasOwn(LITERALS, text)) return valueOf(() => LITERALS[text]);
  return valueOf((scope) => scope.get(text));
}

function list(reader: WordReader, end: string): Run[] {
  const found: Run[] = [];
  while (!reader.takes(end)) {
    found.push(expressionFrom(reader));
    reader.takes(',');
  }
  return found;
}

const placeIn = (of: Run, at: (scope: Scope) => Value): Run =>
  Object.assign((scope: Scope) => (of(scope) as Table).get(at(scope)), {
    put: (scope: Scope, value: Value) => void (of(scope) as Table).set(at(scope), value),
  });

const valueOf = (run: (scope: Scope) => Value): Run =>
  Object.assign(run, {
    put: () => {
      throw new Error('a script puts a value where no place is');
    },
  });

const lengthOf = (value: Value): number => (typeof value === 'string' ? value.length : (value as Table).size);
