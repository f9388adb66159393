import { z } from 'zod';
import { type Event, type FleetFacts, newIndex } from '#core';
import type { RecordedTurn } from '#engine';
import { fromJson } from './encoding.js';
import { facts } from './fleet-shapes.js';
import { type Ending, FORMAT, type Header, type Opening } from './format.js';
import { splitLine, sumOf } from './lines.js';
import { amount } from './shapes.js';
import { ACTIONS, EVENTS } from './turn-shapes.js';

/** What is wrong with a line: at which field, by which rule. */
export class LineFault extends Error {
  constructor(
    readonly field: string,
    readonly rule: string,
  ) {
    super(rule);
  }
}

const LONGEST_WORDS = 300;

type Content = Record<string, unknown>;
type Path = readonly PropertyKey[];

const header = z.strictObject({
  format: z.literal(FORMAT),
  berth: z.string(),
  node: z.string(),
  fleet: z.string(),
  term: z.int(),
  recordedAt: z.string(),
  turn: z.int().min(1),
}) satisfies z.ZodType<Header>;

const ending = z.strictObject({
  end: z.enum(['closed', 'rotated', 'dropped', 'failed']),
  turns: z.int().min(0),
  dropped: z.int().min(0),
  failed: z
    .strictObject({ now: amount, events: z.array(z.custom<Event>()), error: z.string() })
    .exactOptional(),
}) satisfies z.ZodType<Ending>;

const turnKeys = z.strictObject({
  turn: z.int(),
  now: amount,
  events: z.array(z.unknown()),
  actions: z.array(z.unknown()),
});

/** The first line: what it is of is asked before anything else, since another format may have another everything. */
export function readOpening(line: string): { opening: Opening; sum: number } {
  const format = formatOf(line);
  if (format === undefined) throw new LineFault('', 'is not the first line of a recording');
  if (format !== FORMAT) {
    throw new LineFault('format', `is ${said(format)}: this version of Berth reads format ${FORMAT}`);
  }
  const { content, sum } = readContent(line, 0);
  const { snapshot, ...rest } = content;
  check(header, rest, []);
  check(facts, snapshot, ['snapshot']);
  const fleet = {
    ...(snapshot as FleetFacts),
    rerouted: new Set<never>(),
    index: newIndex(),
    now: -Infinity,
  };
  return { opening: { header: rest as unknown as Header, snapshot: fleet }, sum };
}

function formatOf(line: string): unknown {
  try {
    return (JSON.parse(line) as Content | null)?.['format'];
  } catch {
    return undefined;
  }
}

/** Any other line: a turn, or what ends the file. */
export function readLine(
  line: string,
  sumBefore: number,
): { readonly found: RecordedTurn | Ending; readonly sum: number } {
  const { content, sum } = readContent(line, sumBefore);
  const found = Object.hasOwn(content, 'end') ? asEnding(content) : asTurn(content);
  return { found, sum };
}

function asEnding(content: Content): Ending {
  check(ending, content, []);
  const found = content as unknown as Ending;
  for (const [index, event] of (found.failed?.events ?? []).entries())
    checkKind(EVENTS, event, ['failed', 'events', index]);
  return found;
}

function asTurn(content: Content): RecordedTurn {
  check(turnKeys, content, []);
  const turn = content as unknown as RecordedTurn;
  for (const [index, event] of turn.events.entries()) checkKind(EVENTS, event, ['events', index]);
  for (const [index, action] of turn.actions.entries()) checkKind(ACTIONS, action, ['actions', index]);
  return turn;
}

function readContent(line: string, sumBefore: number): { content: Content; sum: number } {
  const split = splitLine(line);
  if (!split) throw new LineFault('sum', 'is missing or no checksum');
  const sum = sumOf(split.json, sumBefore);
  if (sum !== split.sum) {
    throw new LineFault('sum', 'is not that of the line: it, or the line before it, was changed or left out');
  }
  return { content: contentOf(split.json), sum };
}

function contentOf(json: string): Content {
  try {
    return fromJson(JSON.parse(json)) as Content;
  } catch (error) {
    if (error instanceof SyntaxError) throw new LineFault('', 'is not JSON');
    if (error instanceof RangeError) throw new LineFault('', 'is nested too deeply');
    throw error;
  }
}

function checkKind(shapes: Readonly<Record<string, z.ZodType>>, value: unknown, at: Path): void {
  const kind = (value as { kind?: unknown } | null)?.kind;
  if (typeof kind !== 'string' || !Object.hasOwn(shapes, kind)) {
    throw new LineFault(fieldAt([...at, 'kind']), `is unknown to this version of Berth: ${said(kind)}`);
  }
  check(shapes[kind]!, value, at);
}

function check(shape: z.ZodType, value: unknown, at: Path): void {
  const { success, error } = shape.safeParse(value);
  if (success) return;
  const issue = error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    throw new LineFault(
      fieldAt([...at, ...issue.path, issue.keys[0]!]),
      'is unknown to this version of Berth',
    );
  }
  throw new LineFault(fieldAt([...at, ...issue.path]), ruleOf(issue));
}

const ruleOf = ({ message }: z.core.$ZodIssue): string =>
  `is not what format ${FORMAT} has there: ${message.replace(/^Invalid input: /, '')}`;

function said(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'object' && value !== null ? 'something else' : clipped(JSON.stringify(value));
}

/** `events[0].look.metrics`. */
function fieldAt(path: Path): string {
  const field = path.reduce<string>((before, key) => {
    if (typeof key === 'number') return `${before}[${key}]`;
    return before === '' ? String(key) : `${before}.${String(key)}`;
  }, '');
  return clipped(field);
}

/** A file may have anything for a word: only the beginning of a long one is shown. */
const clipped = (text: string): string =>
  text.length > LONGEST_WORDS ? `${text.slice(0, LONGEST_WORDS)}...` : text;
