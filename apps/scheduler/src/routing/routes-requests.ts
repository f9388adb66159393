import { z } from 'zod';
import { millis, whole } from '#config';
import { MAX_DOUBTED, type RouteVersion } from '../cluster/replication/route-event.js';
import { TABLE_GOOD_FOR } from '../cluster/replication/times.js';
import { invalid } from '../transport/errors/refused.js';
import { MAX_USES, model, server, watcher } from './watch-requests.js';

const NAMED = 'The name of the watcher, for its reports. Absent: the credential of the caller.';

/** How routes may be watched over HTTP. */
export const watchQuerySchema = z.strictObject({ watcher: watcher.optional().describe(NAMED) });

const MAX = Number.MAX_SAFE_INTEGER;
const DIGITS = '[0-9]{1,16}';
/** What a Last-Event-ID looks like. */
export const EVENT_ID = new RegExp(`^${DIGITS}-${DIGITS}$`);
const EVENT_ID_RULE = 'must be the id of an event: TERM-SEQUENCE';

/** The version that a `Last-Event-ID` names; null: the caller has none. */
export function versionIn(lastEventId: string | undefined, path = 'Last-Event-ID'): RouteVersion | null {
  if (lastEventId === undefined) return null;
  const [term = NaN, sequence = NaN] = lastEventId.split('-').map(Number);
  if (!EVENT_ID.test(lastEventId) || term > MAX || sequence > MAX)
    throw invalid([{ path, rule: EVENT_ID_RULE }]);
  return { term, sequence };
}

/** As proto3 JSON has it, a number that is left out or null is 0. */
const orZero = (number: z.ZodNumber, description: string) =>
  number
    .nullish()
    .transform((value) => value ?? 0)
    .describe(description);

const list = <Shape extends z.ZodType>(shape: Shape, most: number, description: string) =>
  z
    .array(shape)
    .max(most, { error: `must have at most ${most} entries` })
    .nullish()
    .transform((value) => value ?? [])
    .describe(description);

const useSchema = z.strictObject({
  ...{ model, server },
  lastUsedMsAgo: orZero(millis(0, MAX), 'How long ago the last route was given.'),
  inUseForMs: orZero(millis(0, TABLE_GOOD_FOR), 'How long the copy is still needed.'),
  routes: orZero(whole(0, 2 ** 32 - 1), 'Routes given since the last report.'),
});

/** The body of a report: `berth.v1.UsageReport` of a gateway. */
export const usageSchema = z.strictObject({
  watcher: watcher.nullish().describe(NAMED),
  uses: list(useSchema, MAX_USES, 'What was routed by a watched or listed table.'),
  doubted: list(server, MAX_DOUBTED, 'Servers that callers have just failed on.'),
  acknowledged: z
    .string()
    .max(64, { error: 'must have at most 64 characters' })
    .nullish()
    .transform((id) => versionIn(id ?? undefined, 'acknowledged'))
    .describe('The id of the last event that was taken up of the watch of this name.'),
});

/** The query of a watch. */
export type WatchQuery = z.infer<typeof watchQuerySchema>;

export type Usage = z.infer<typeof usageSchema>;
