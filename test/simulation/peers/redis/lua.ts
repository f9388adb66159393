import { expressionFrom, type Run } from './lua-expressions.js';
import { type Call, globals, isTrue, numberOf, type Scope, tableOf, type Value } from './lua-values.js';
import { type Word, wordsOf } from './lua-words.js';
import { WordReader } from './lua-reader.js';

/** What a statement hands back where the script ends with it. */
interface Returned {
  readonly value: Value;
}

type Step = (scope: Scope) => Returned | undefined;

/** A script that was read. */
export type Script = (keys: readonly string[], args: readonly string[], call: Call) => Value;

const known = new Map<string, Script>();

/**
 * Reads a script of `libs/store-redis`, so that the simulated Redis carries out the very text that a real one does. Only what those
 * scripts use of Lua is known here: variables, `if`, `while`, counting `for`, `return`, tables and calls.
 */
export function scriptOf(text: string): Script {
  const script = known.get(text) ?? read(wordsOf(text));
  known.set(text, script);
  return script;
}

function read(words: readonly Word[]): Script {
  const reader = new WordReader(words);
  const run = block(reader);
  reader.expectEnd();
  return (keys, args, call) => {
    const scope = globals(call);
    scope.set('KEYS', tableOf(keys));
    scope.set('ARGV', tableOf(args));
    return run(scope)?.value;
  };
}

/** Up to the word that ends it. */
function block(reader: WordReader): Step {
  const steps: Step[] = [];
  while (!reader.isAt('end', 'else') && !reader.isOver) steps.push(statement(reader));
  return (scope) => {
    for (const step of steps) {
      const returned = step(scope);
      if (returned) return returned;
    }
    return undefined;
  };
}

function statement(reader: WordReader): Step {
  if (reader.takes('local')) return assignment(reader);
  if (reader.takes('if')) return branch(reader);
  if (reader.takes('while')) return loop(reader);
  if (reader.takes('for')) return count(reader);
  if (reader.takes('return')) {
    const value = expressionFrom(reader);
    return (scope) => ({ value: value(scope) });
  }
  return assignment(reader);
}

/** To a variable, or to a place in a table; or a call alone. */
function assignment(reader: WordReader): Step {
  const isName = reader.isFollowedBy('=');
  const name = isName ? reader.take() : '';
  const target = isName ? undefined : expressionFrom(reader);
  if (!reader.takes('=')) {
    return (scope) => void target!(scope);
  }
  const value = expressionFrom(reader);
  if (!target) return (scope) => void scope.set(name, value(scope));
  return (scope) => target.put(scope, value(scope));
}

function branch(reader: WordReader): Step {
  const condition = expressionFrom(reader);
  reader.expect('then');
  const then = block(reader);
  const otherwise = reader.takes('else') ? block(reader) : undefined;
  reader.expect('end');
  return (scope) => (isTrue(condition(scope)) ? then(scope) : otherwise?.(scope));
}

function loop(reader: WordReader): Step {
  const condition: Run = expressionFrom(reader);
  reader.expect('do');
  const body = block(reader);
  reader.expect('end');
  return (scope) => {
    while (isTrue(condition(scope))) {
      const returned = body(scope);
      if (returned) return returned;
    }
    return undefined;
  };
}

function count(reader: WordReader): Step {
  const name = reader.take();
  reader.expect('=');
  const from = expressionFrom(reader);
  reader.expect(',');
  const to = expressionFrom(reader);
  reader.expect('do');
  const body = block(reader);
  reader.expect('end');
  return (scope) => {
    const last = numberOf(to(scope));
    for (let at = numberOf(from(scope)); at <= last; at += 1) {
      scope.set(name, at);
      const returned = body(scope);
      if (returned) return returned;
    }
    return undefined;
  };
}
