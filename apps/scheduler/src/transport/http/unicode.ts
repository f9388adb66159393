import { isUtf8 } from 'node:buffer';
import { type Path, refuse } from '#config';
import { NOT_UNICODE } from '#contracts';
import { invalid, type Refused } from '../errors/refused.js';
import { faultIn } from './judge.js';

/** Refuses a body that is no UTF-8, and names the field where its JSON can be read. Hands the text over otherwise. */
export function textOf(body: Buffer, parse: (text: string) => unknown): string {
  if (isUtf8(body)) return body.toString();
  throw valueRefusal(valueIn(surrogatesIn(body), parse)) ?? notUnicode([]);
}

/** The refusal of a JSON value that nothing is to read further. */
export function valueRefusal(value: unknown): Refused | undefined {
  const fault = faultIn(value);
  return fault && invalid(refuse([fault]).errors);
}

/** The refusal of a query in which a key or a value is no UTF-8 once it is decoded. The framework refuses such a path itself. */
export function queryRefusal(url: string): Refused | undefined {
  const query = url.includes('%') ? url.slice(url.indexOf('?') + 1) : '';
  const broken = query.split('&').find((part) => !canDecode(part));
  return broken === undefined ? undefined : notUnicode([broken.split('=', 1)[0]!]);
}

/** What is refused of a path: its model or its server, where it has one. */
export function notUnicodePath(url: string): Refused {
  const [, kind] = /^\/v1\/(model|server)s\//.exec(url) ?? [];
  return notUnicode([kind ?? 'path']);
}

const notUnicode = (at: Path): Refused => invalid(refuse([{ at, rule: NOT_UNICODE }]).errors);

function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** The text with a lone surrogate for what is no UTF-8, so that it is found where it stands. */
function surrogatesIn(body: Buffer): string {
  const known = body.toString('latin1').replaceAll('\u00ef\u00bf\u00bd', '?');
  return Buffer.from(known, 'latin1').toString().replaceAll('\ufffd', '\ud800');
}

function valueIn(text: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
