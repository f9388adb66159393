import { z } from 'zod';
import { labelKeySchema } from '#config';

const MOST = 20;
const LONGEST = 400;
const RULE = `must be key, !key, key=value or key!=value, with the key of a label; at most ${MOST} of them, of ${LONGEST} characters`;

/** What a key may be followed by; a value may have any characters. */
const SELECTOR = /^(?<not>!?)(?<key>[^!=]+)(?:(?<sign>!?=)(?<value>.*))?$/s;

/** What an item must have, or must not have, to be listed. */
interface Selector {
  readonly key: string;
  /** Null: any. */
  readonly value: string | null;
  readonly isWanted: boolean;
}

/** A malformed selector is refused. Taken for a key that no item has, it would make the fleet look empty. */
export const selector = z
  .string()
  .max(LONGEST)
  .refine((text) => selectorIn(text) !== undefined, { error: RULE });

/** The labels that the items of a list must have: one, as a query has it, or several. */
export const labelSelectors = z
  .union([selector.transform((one) => [one]), z.array(selector).max(MOST)], { error: RULE })
  .default([])
  .describe(
    'Only items with this label: `key` or `key=value`, or without it: `!key` or `key!=value`. May be repeated; all must hold.',
  );

/** Whether labels satisfy every selector; without the key `key!=value` holds, as in Kubernetes. */
export function hasLabels(labels: Readonly<Record<string, string>>, selectors: readonly string[]): boolean {
  return selectors.every((text) => {
    const { key, value, isWanted } = selectorIn(text)!;
    const isThere = Object.hasOwn(labels, key) && (value === null || labels[key] === value);
    return isThere === isWanted;
  });
}

function selectorIn(text: string): Selector | undefined {
  const { not, key, sign, value = null } = SELECTOR.exec(text)?.groups ?? {};
  if (!labelKeySchema.safeParse(key).success || (not && sign)) return undefined;
  return { key: key!, value, isWanted: !not && sign !== '!=' };
}
