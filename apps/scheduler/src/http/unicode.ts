import { isUtf8 } from 'node:buffer';
import { type Path, refuse } from '#config';
import { invalid, type Refused } from '../errors/refused.js';

const RULE = 'must be valid Unicode: UTF-8, without lone surrogates';
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Without an escape of a surrogate, text that was UTF-8 has none. */
const ESCAPED = /\\u[dD][89a-fA-F]/;

/** Refuses a body that is no UTF-8, and names the field where its JSON can be read. Hands the text over otherwise. */
export function textOf(body: Buffer, parse: (text: string) => unknown): string {
  if (isUtf8(body)) return body.toString();
  throw notUnicode(firstIllFormed(valueIn(surrogatesIn(body), parse)) ?? []);
}

/** The refusal of a JSON value of which a text or a key has a lone surrogate; `text` is what it was read from. */
export function valueRefusal(text: string, value: unknown): Refused | undefined {
  const at = ESCAPED.test(text) ? firstIllFormed(value) : undefined;
  return at && notUnicode(at);
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

const notUnicode = (at: Path): Refused => invalid(refuse([{ at, rule: RULE }]).errors);

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

/** A value, and how it is reached: the last step, and the place that holds it. */
interface Place {
  readonly value: unknown;
  readonly step: string | number;
  readonly above: Place | null;
}

/** Where a text or a key has a lone surrogate. No recursion: a body may be nested as deep as it is long. */
function firstIllFormed(root: unknown): Path | undefined {
  const left: Place[] = [{ value: root, step: '', above: null }];
  for (let place = left.pop(); place !== undefined; place = left.pop()) {
    const { value } = place;
    if (typeof value === 'string' && LONE_SURROGATE.test(value)) return pathTo(place);
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, inner] of Object.entries(value)) {
      if (LONE_SURROGATE.test(key)) return pathTo(place);
      left.push({ value: inner, step: Array.isArray(value) ? Number(key) : key, above: place });
    }
  }
  return undefined;
}

function pathTo(place: Place): Path {
  const path: (string | number)[] = [];
  for (let at = place; at.above !== null; at = at.above) path.unshift(at.step);
  return path;
}
