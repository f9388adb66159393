import { z } from 'zod';
import { type Action, type Event, type FleetFacts, newIndex } from '#core';
import type { RecordedTurn } from '#engine';
import { fromJson } from './encoding.js';
import { type Ending, FORMAT, type Header, type Opening } from './format.js';
import { splitLine, sumOf } from './lines.js';

/** What is wrong with a line: at which field, by which rule. */
export class LineFault extends Error {
  constructor(
    readonly field: string,
    readonly rule: string,
  ) {
    super(rule);
  }
}

const MAX_WORDS_LENGTH = 300;

type Content = Record<string, unknown>;

/**
 * What frames the core's values is checked key by key. The values themselves are as this version wrote them, since the format
 * and the checksums are right: where they are not, the core breaks at that turn, or decides otherwise.
 */
const amount = z.custom<number>((value) => typeof value === 'number' && !Number.isNaN(value), {
  error: 'must be a number',
});
const ofTheCore = <Value extends object>() =>
  z.custom<Value>((value) => typeof value === 'object' && value !== null, { error: 'must be an object' });

const header = z.strictObject({
  format: z.literal(FORMAT),
  berth: z.string(),
  node: z.string(),
  fleet: z.string(),
  term: z.int(),
  recordedAt: z.string(),
  turn: z.int().min(1),
  snapshot: ofTheCore<FleetFacts>(),
}) satisfies z.ZodType<Header>;

const ending = z.strictObject({
  end: z.enum(['closed', 'rotated', 'dropped', 'failed']),
  turns: z.int().min(0),
  dropped: z.int().min(0),
  failed: z
    .strictObject({ now: amount, events: z.array(ofTheCore<Event>()), error: z.string() })
    .exactOptional(),
}) satisfies z.ZodType<Ending>;

const turn = z.strictObject({
  turn: z.int(),
  now: amount,
  events: z.array(ofTheCore<Event>()),
  actions: z.array(ofTheCore<Action>()),
}) satisfies z.ZodType<RecordedTurn>;

/** The first line: what it is of is asked before anything else, since another format may have another everything. */
export function readOpening(line: string): { opening: Opening; sum: number } {
  const format = formatOf(line);
  if (format === undefined) throw new LineFault('', 'is not the first line of a recording');
  if (format !== FORMAT) {
    throw new LineFault('format', `is ${said(format)}: this version of Berth reads format ${FORMAT}`);
  }
  const { content, sum } = readContent(line, 0);
  const { snapshot, ...rest } = checked(header, content);
  const fleet = {
    ...snapshot,
    rerouted: new Set<never>(),
    index: newIndex(),
    now: -Infinity,
    wakeAt: Infinity,
  };
  return { opening: { header: rest, snapshot: fleet }, sum };
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
  return { found: Object.hasOwn(content, 'end') ? checked(ending, content) : checked(turn, content), sum };
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
    return fromJson(json) as Content;
  } catch (error) {
    if (error instanceof SyntaxError) throw new LineFault('', 'is not JSON');
    if (error instanceof RangeError) throw new LineFault('', 'is nested too deeply');
    throw error;
  }
}

function checked<Value>(shape: z.ZodType<Value>, content: Content): Value {
  const { data, error } = shape.safeParse(content);
  if (!error) return data;
  const issue = error.issues[0]!;
  if (issue.code === 'unrecognized_keys')
    throw new LineFault(clipped(issue.keys[0]!), 'is unknown to this version of Berth');
  const rule = issue.message.replace(/^Invalid input: /, '');
  throw new LineFault(issue.path.join('.'), `is not what format ${FORMAT} has there: ${rule}`);
}

function said(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'object' && value !== null ? 'something else' : clipped(JSON.stringify(value));
}

/** A file may have anything for a word: only the beginning of a long one is shown. */
const clipped = (text: string): string =>
  text.length > MAX_WORDS_LENGTH ? `${text.slice(0, MAX_WORDS_LENGTH)}...` : text;
