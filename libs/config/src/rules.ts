import { z } from 'zod';

/** The rule that keys of features still to be built are refused with. */
export const NOT_AVAILABLE = 'not available in this version';

/** The most a memory value may say (1 PiB): bytes stay exact numbers. */
const MAX_MEMORY_MB = 2 ** 30;

const NAME = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const NAME_RULE =
  'must be a name: 1 to 128 letters, digits, ".", "_" or "-", beginning with a letter or digit, without ".."';
const LABEL_KEY = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/;
const LABEL_KEY_RULE =
  'must be a label key: 1 to 128 letters, digits, ".", "_", "/" or "-", beginning with a letter or digit';

/** A key whose feature is not built yet: null says what is built. Null is printed, so it may be said too. */
export function notAvailableButNull(description: string) {
  return z.null({ error: NOT_AVAILABLE }).describe(`${description} Not available in this version.`);
}

/** A choice of words, of which some are known but not built yet. */
export function choice<const T extends readonly [string, ...string[]]>(
  words: T,
  later: readonly string[] = [],
) {
  const rule = words.length === 1 ? `must be ${words[0]}` : `must be one of ${words.join(', ')}`;
  return z.enum(words, {
    error: ({ input }) => required(input) ?? (later.some((word) => word === input) ? NOT_AVAILABLE : rule),
  });
}

/** A name of a model, a server or the fleet. */
export const name = z.string().regex(NAME, { error: NAME_RULE });

/** The key of a label: `zone`. */
export const labelKey = z.string().regex(LABEL_KEY, { error: LABEL_KEY_RULE });

/** Free words for people and for placement: `{ zone: a }`. */
export const labels = z.record(labelKey, z.string().max(256, { error: 'must have at most 256 characters' }));

/** A whole number within bounds; one rule says all of it. */
export function whole(min: number, max: number) {
  const rule = `must be a whole number from ${min} to ${max}`;
  return bounded(rule, min, max).int({ error: rule });
}

/** A number of seconds within bounds; fractions are fine. */
export function seconds(min: number, max: number) {
  return bounded(`must be a number of seconds from ${min} to ${max}`, min, max);
}

/** A number of milliseconds within bounds. */
export function millis(min: number, max: number) {
  const rule = `must be a whole number of milliseconds from ${min} to ${max}`;
  return bounded(rule, min, max).int({ error: rule });
}

/** An amount of memory in MiB. */
export function memoryMb(min = 1) {
  const rule = `must be a whole number of MiB from ${min} to ${MAX_MEMORY_MB}`;
  return bounded(rule, min, MAX_MEMORY_MB).int({ error: rule });
}

/** A moment, told in UTC: `2026-01-31T12:00:00Z`. */
export const moment = z.iso.datetime({ error: 'must be a time in UTC like 2026-01-31T12:00:00Z' });

/** A text that is there and short enough to print. */
export const text = z
  .string()
  .min(1, { error: 'must not be empty' })
  .max(4096, { error: 'must have at most 4096 characters' });

/**
 * A list of at most so many entries. The length is not the first check: zod looks at no entry of a list whose first check
 * is a length that it exceeds, and then at no rule between the keys around it.
 */
export function listOf<T extends z.ZodType>(entry: T, most: number) {
  return z
    .array(entry)
    .refine(() => true)
    .max(most, { error: `must have at most ${most} entries` });
}

/**
 * For `when` of a rule between keys. The rule runs where the value is a mapping or a list at all and the named keys are
 * of their types, whatever else is wrong: all errors are told at once. Keys that are not named are as they were written.
 */
export const whereTyped =
  (...keys: readonly string[]) =>
  ({ issues }: z.core.ParsePayload): boolean =>
    !issues.some(({ continue: isTyped = false, path: [key] = [] }) => {
      return !isTyped && (key === undefined || keys.includes(String(key)));
    });

/** A rule between keys: one must not be given beside another. */
export const notBeside = (key: string, other: string, rule = `must not be given beside ${other}`) =>
  z.refine<Readonly<Record<string, unknown>>>(
    (value) => value[key] === undefined || value[other] === undefined,
    { path: [key], error: rule, when: whereTyped() },
  );

/**
 * A rule of a list: what `of` tells of an entry is told of no entry before it. `key` is where a repetition is found in
 * the entry; left out, the entry itself is one. Entries and their keys are as they were written.
 */
export const unique = <T>(rule: string, of: (entry: T) => unknown, key?: string) =>
  z.superRefine<readonly T[]>(
    (entries, context) => {
      const seen = new Set<unknown>();
      for (const [index, entry] of entries.entries()) {
        const value = entry === null ? null : of(entry);
        if (value === null || value === undefined) continue;
        if (seen.has(value))
          context.addIssue({
            code: 'custom',
            path: key === undefined ? [index] : [index, key],
            message: rule,
          });
        seen.add(value);
      }
    },
    { when: whereTyped() },
  );

function bounded(rule: string, min: number, max: number) {
  return z
    .number({ error: ({ input }) => required(input) ?? rule })
    .min(min, { error: rule })
    .max(max, { error: rule });
}

function required(input: unknown): string | undefined {
  return input === undefined ? 'is required' : undefined;
}

/** A key as `berthctl key new` makes it: `berth_`, its id, `_` and 43 characters of base64url. */
const KEY = /berth_[\w.-]*_[\w-]{43}/;
/** What begins like one, and is so long that a part of its secret may be in it. */
const KEY_LIKE = /berth_[\w.-]{40,}/g;

/** Whether a text is free of keys in clear. */
export const isNoKey = (text: string): boolean => !KEY.test(text);

/** A text for people and logs, without the keys that are in it. */
export const withoutKeys = (text: string): string => text.replaceAll(KEY_LIKE, 'berth_...');
