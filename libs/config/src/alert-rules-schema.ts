import { z } from 'zod';
import { get, list } from './as-written.js';
import type { Finding, Path } from './errors.js';
import { choice } from './rules.js';

const MAX_RULES = 100;
const MAX_LABELS = 16;
const ALERT_LABEL_RULE =
  'must be the name of an alert label: 1 to 128 letters, digits, "_", ".", ":", "/" or "-", beginning with a letter or "_"';
const VALUE_RULE = 'must have 1 to 1024 characters, none of them a control character';
const LABELS_RULE = `must have 1 to ${MAX_LABELS} labels`;

const alertLabel = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.:/-]{0,127}$/, { error: ALERT_LABEL_RULE });

const alertRuleSchema = z.strictObject({
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

/** The rules as the file lists them. */
export const alertRulesSchema = z
  .array(alertRuleSchema)
  .max(MAX_RULES, { error: `must have at most ${MAX_RULES} entries` });

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

type AlertRuleFile = z.infer<typeof alertRuleSchema>;

/** The rules with what was left out; they were checked before, by `alertRuleFindings` too. */
export function completeAlertRules(rules: readonly AlertRuleFile[]): readonly AlertRule[] {
  return rules.map(({ match, do: act, server, model, whenResolved }) => {
    const label = (act === 'drain' ? server : model) ?? '';
    return { match: Object.entries(match), do: act, label, undo: whenResolved === 'undo' };
  });
}

/** What the keys of each rule must agree on, and a rule that no alert ever reaches. */
export function alertRuleFindings(file: unknown): Finding[] {
  const at: Path = ['webhooks', 'alertmanager'];
  const rules = list(get(get(file, 'webhooks'), 'alertmanager'));
  return rules.flatMap((rule, index) => [
    ...targetFindings(rule, [...at, index]),
    ...undoFindings(rule, [...at, index]),
    ...hiddenFindings(rules, index, [...at, index]),
  ]);
}

/** A drain is of a server, all else of a model. */
function targetFindings(rule: unknown, at: Path): Finding[] {
  const act = get(rule, 'do');
  if (act !== 'drain' && act !== 'pin' && act !== 'load') return [];
  const [wanted, other] = act === 'drain' ? (['server', 'model'] as const) : (['model', 'server'] as const);
  return [
    ...(get(rule, wanted) === undefined
      ? [{ at: [...at, wanted], rule: `is required with do: ${act}` }]
      : []),
    ...(get(rule, other) === undefined
      ? []
      : [{ at: [...at, other], rule: `must not be given with do: ${act}` }]),
  ];
}

/** A load declares nothing that could be taken back. */
function undoFindings(rule: unknown, at: Path): Finding[] {
  if (get(rule, 'do') !== 'load' || get(rule, 'whenResolved') !== 'undo') return [];
  return [{ at: [...at, 'whenResolved'], rule: 'must be keep with do: load, for an order cannot be undone' }];
}

/** The first rule that fits holds: one behind a rule that asks for less is never reached. */
function hiddenFindings(rules: readonly unknown[], index: number, at: Path): Finding[] {
  const own = new Map(labelsOf(rules[index]));
  const before = rules.slice(0, index).findIndex((rule) => {
    const asked = labelsOf(rule);
    return asked.length > 0 && asked.every(([label, value]) => own.get(label) === value);
  });
  if (before < 0) return [];
  return [{ at: [...at, 'match'], rule: `is never reached: rule [${before}] fits all that it fits` }];
}

function labelsOf(rule: unknown): (readonly [string, unknown])[] {
  const match = get(rule, 'match');
  return typeof match === 'object' && match !== null ? Object.entries(match) : [];
}
