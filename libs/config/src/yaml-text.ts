import { isMap, isNode, isScalar, LineCounter, parseDocument, visit, type Document, type Node } from 'yaml';
import type { ConfigError, Path } from './errors.js';
import { withoutKeys } from './rules.js';

/** A YAML file as it was read: its value and where each part of it stands. */
export type YamlText =
  | { readonly ok: true; readonly value: unknown; readonly lineOf: (at: Path) => number | null }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

type Fault = { readonly message: string; readonly offset: number };

/** Reads a YAML document. Where it is not YAML, every fault is told with its line. */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'error',
  });
  const faults = [
    ...[...document.errors, ...document.warnings].map(faultOf),
    ...keyFaults(document),
    ...aliasFaults(document),
  ];
  if (faults.length === 0) return valueOf(document, lines);
  const errors = faults.map(({ message, offset }) => {
    return { path: '', rule: `must be YAML: ${oneLine(message)}`, line: lines.linePos(offset).line };
  });
  return { ok: false, errors };
}

function faultOf({
  message,
  pos,
}: {
  readonly message: string;
  readonly pos: readonly [number, number];
}): Fault {
  return { message, offset: pos[0] };
}

/** Keys that are said twice or are no words. The parser's own look for them grows with the square of the file. */
function keyFaults(document: Document): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        const word = isScalar(key) ? String(key.value) : undefined;
        if (word === undefined)
          faults.push({ message: 'Keys must be plain words', offset: startOf(key) ?? 0 });
        else if (seen.has(word)) faults.push({ message: 'Keys must be unique', offset: startOf(key) ?? 0 });
        else seen.add(word);
      }
    },
  });
  return faults;
}

/** Aliases within what they stand for: such a value has no end. */
function aliasFaults(document: Document): Fault[] {
  const anchored = new Map<string, Node>();
  const faults: Fault[] = [];
  visit(document, {
    Value(_, node) {
      if (node.anchor !== undefined) anchored.set(node.anchor, node);
    },
    Alias(_, alias, path) {
      const inner = anchored.get(alias.source);
      if (inner !== undefined && path.includes(inner))
        faults.push({
          message: `*${alias.source} must not stand within &${alias.source}`,
          offset: startOf(alias) ?? 0,
        });
    },
  });
  return faults;
}

function valueOf(document: Document, lines: LineCounter): YamlText {
  try {
    const value: unknown = document.toJS() ?? {};
    return { ok: true, value, lineOf: (at) => lineIn(document, lines, at) };
  } catch (error) {
    const rule = `must be YAML: ${oneLine(error instanceof Error ? error.message : String(error))}`;
    return { ok: false, errors: [{ path: '', rule, line: null }] };
  }
}

/** The line of a key, or of the nearest thing around it that is in the file. */
function lineIn(document: Document, lines: LineCounter, at: Path): number | null {
  for (let length = at.length; length > 0; length -= 1) {
    const offset = offsetOf(document, at.slice(0, length));
    if (offset !== undefined) return lines.linePos(offset).line;
  }
  return null;
}

function offsetOf(document: Document, at: Path): number | undefined {
  const parent = at.length === 1 ? document.contents : document.getIn(at.slice(0, -1), true);
  const last = at.at(-1);
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === last);
    return startOf(pair?.key);
  }
  return startOf(document.getIn(at, true));
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}

/** The parser repeats what it did not understand, which may be a key. */
function oneLine(text: string): string {
  return withoutKeys(text.replace(/\s+/g, ' ').trim());
}
