import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Plan, planSchema } from './plan.js';

/** Text that is no plan: each problem names its line, its field and the rule. */
export class NoPlan extends Error {
  override readonly name = 'NoPlan';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/** Reads a plan from the JSON it was written in. */
export function readPlan(text: string): Plan {
  const parsed = planSchema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const lineOf = linesIn(text);
  throw new NoPlan(
    parsed.error.issues
      .flatMap(placed)
      .map(({ path, rule }) => `line ${lineOf(path)}: ${fieldAt(path)}: ${rule}`),
  );
}

interface Placed {
  readonly path: readonly PropertyKey[];
  readonly rule: string;
}

/** An unknown key is where it stands, not where it would have to be known. */
function placed(issue: z.core.$ZodIssue): readonly Placed[] {
  const { path, message } = issue;
  if (issue.code !== 'unrecognized_keys') return [{ path, rule: message }];
  return issue.keys.map((key) => ({ path: [...path, key], rule: 'unknown key' }));
}

function fieldAt(path: readonly PropertyKey[]): string {
  const steps = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  return steps.join('').replace(/^\./, '') || 'the plan';
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    throw new NoPlan([`line ${lineOfError(text, message)}: not JSON: ${message}`]);
  }
}

/** Node does not always say where it stopped: then it is the first line with which it stops before the end. */
function lineOfError(text: string, message: string): number {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return text.slice(0, Number(position)).split('\n').length;
  const lines = text.split('\n');
  let [good, bad] = [0, lines.length];
  while (good + 1 < bad) {
    const middle = Math.floor((good + bad) / 2);
    if (isOnlyCutShort(lines.slice(0, middle).join('\n'))) good = middle;
    else bad = middle;
  }
  return bad;
}

/** Whether the beginning of a text that is no JSON could go on to be some. */
function isOnlyCutShort(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return false;
  } catch (error) {
    return /end of JSON input|position \d+/.test((error as Error).message);
  }
}

/** JSON is YAML, and the reader of YAML remembers where everything was. */
function linesIn(text: string): (path: readonly PropertyKey[]) => number {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true) as { range?: readonly number[] } | undefined;
      if (node?.range) return lines.linePos(node.range[0]!).line;
    }
    return 1;
  };
}
