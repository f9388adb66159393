import type { z } from 'zod';
import { clipped, lasting, type problemSchema } from '#contracts';
import { Refused } from './failures.js';

type Problem = z.infer<typeof problemSchema>;

const LONGEST = 2_000;
const MAX_RULES = 101;

/** A refusal in words: the reason, what Berth says of it, each broken rule, and when to try again. */
export function refusedWith(problem: Problem, retryAfter: string | undefined): Refused {
  const { reason, detail, errors = [] } = problem;
  const said = errors.length > 0 ? problem.title : detail;
  const rules = errors.slice(0, MAX_RULES).map(({ path, rule }) => (path === '' ? rule : `${path}: ${rule}`));
  const left = errors.length > MAX_RULES ? [`and ${errors.length - MAX_RULES} more`] : [];
  const hints = [...rules, ...left, ...progress(problem), ...freeze(problem), ...hint(problem, retryAfter)];
  return new Refused(
    problem,
    clipped(`${reason}: ${said}`, LONGEST),
    hints.map((line) => clipped(line, LONGEST)),
  );
}

/** How far a model is that is on its way. */
function progress({ phase, etaMs, position }: Problem): string[] {
  if (typeof phase !== 'string') return [];
  const eta = typeof etaMs === 'number' ? [`ready in about ${lasting(etaMs)}`] : [];
  const ahead = typeof position === 'number' && position > 0 ? [`${position} waiting before this one`] : [];
  return [[`it is ${phase}`, ...eta, ...ahead].join(', ')];
}

/** Told to callers that may read. */
function freeze({ frozenBy, frozenReason }: Problem): string[] {
  if (typeof frozenReason !== 'string') return [];
  return [`frozen${typeof frozenBy === 'string' ? ` by ${frozenBy}` : ''}: ${frozenReason}`];
}

function hint({ retryAfterMs }: Problem, retryAfter: string | undefined): string[] {
  if (retryAfterMs !== undefined) return [`try again in ${lasting(retryAfterMs)}`];
  return retryAfter !== undefined && /^[0-9]{1,6}$/.test(retryAfter) ? [`try again in ${retryAfter} s`] : [];
}
