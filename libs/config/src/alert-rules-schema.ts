import { z } from 'zod';
import { choice, listOf, whereTyped } from './rules.js';

const MAX_RULES = 100;
const MAX_LABELS = 16;
const ALERT_LABEL_RULE =
  'must be the name of an alert label: 1 to 128 letters, digits, "_", ".", ":", "/" or "-", beginning with a letter or "_"';
const VALUE_RULE = 'must have 1 to 1024 characters, none of them a control character';
const LABELS_RULE = `must have 1 to ${MAX_LABELS} labels`;

const alertLabel = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.:/-]{0,127}$/, { error: ALERT_LABEL_RULE });

const alertRuleKeys = z.strictObject({
  match: z
    .record(alertLabel, z.string().regex(/^[^\p{Cc}]{1,1024}$/u, { error: VALUE_RULE }))
    .refine((match) => Object.keys(match).length >= 1 && Object.keys(match).length <= MAX_LABELS, {
      error: LABELS_RULE,
    })
    .meta({ description: 'The labels that an alert must have, letter by letter.', minProperties: 1 }),
  do: choice(['drain', 'pin', 'load']).describe('What such an alert does, once while it fires.'),
  server: alertLabel
    .exactOptional()
    .describe('Of `drain`: the label that says which server, by its name or by one of its addresses.'),
  model: alertLabel.exactOptional().describe('Of `pin` and `load`: the label that names the model.'),
  whenResolved: choice(['keep', 'undo'])
    .exactOptional()
    .describe('What becomes of it once the alert is resolved. `undo` is for `drain` and `pin`.'),
});

type AlertRuleFile = z.infer<typeof alertRuleKeys>;

const alertRuleSchema = alertRuleKeys
  .superRefine(nameOneTarget, { when: whereTyped('do') })
  .refine(({ do: act, whenResolved }) => act !== 'load' || whenResolved !== 'undo', {
    path: ['whenResolved'],
    error: 'must be keep with do: load, for an order cannot be undone',
    when: whereTyped('do'),
  });

/** The rules as the file lists them. */
export const alertRulesSchema = listOf(alertRuleSchema, MAX_RULES).superRefine(hideNoRule, {
  when: whereTyped(),
});

/** A drain is of a server, all else of a model. */
function nameOneTarget(rule: AlertRuleFile, context: z.RefinementCtx): void {
  const [wanted, other] =
    rule.do === 'drain' ? (['server', 'model'] as const) : (['model', 'server'] as const);
  if (rule[wanted] === undefined)
    context.addIssue({ code: 'custom', path: [wanted], message: `is required with do: ${rule.do}` });
  if (rule[other] !== undefined)
    context.addIssue({ code: 'custom', path: [other], message: `must not be given with do: ${rule.do}` });
}

/** The first rule that fits holds: one behind a rule that asks for less is never reached. */
function hideNoRule(rules: readonly (AlertRuleFile | null)[], context: z.RefinementCtx): void {
  const asked = rules.map((rule) => Object.entries(rule?.match ?? {}));
  for (const [index, own] of asked.entries()) {
    const labels = new Map(own);
    const before = asked.slice(0, index).findIndex((other) => {
      return other.length > 0 && other.every(([label, value]) => labels.get(label) === value);
    });
    const message = `is never reached: rule [${before}] fits all that it fits`;
    if (before >= 0) context.addIssue({ code: 'custom', path: [index, 'match'], message });
  }
}

/** What an alert does: the first rule that fits holds. */
export type AlertRule = {
  /** Labels that the alert must have, with their values. */
  readonly match: readonly (readonly [label: string, value: string])[];
  readonly do: 'drain' | 'pin' | 'load';
  /** The label that says which server or which model. */
  readonly label: string;
  /** Whether it is taken back once the alert is resolved. */
  readonly undo: boolean;
};

/** The rules with what was left out. */
export function completeAlertRules(rules: readonly AlertRuleFile[]): readonly AlertRule[] {
  return rules.map(({ match, do: act, server, model, whenResolved }) => {
    const label = (act === 'drain' ? server : model) ?? '';
    return { match: Object.entries(match), do: act, label, undo: whenResolved === 'undo' };
  });
}
