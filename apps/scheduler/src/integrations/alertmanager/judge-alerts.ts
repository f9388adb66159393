import type { AlertRule } from '#config';
import type { StoredAlert } from '#engine';
import type { Alert } from './alert-body.js';
import type { EpisodeDraft, Holds } from './firing-alerts.js';

/** Why what a rule says could not be done. */
export const NOT_DONE = [
  'no_label',
  'unknown_server',
  'ambiguous_server',
  'unknown_model',
  'no_server',
  'disabled',
  'infeasible',
  'pin_does_not_fit',
  'too_many_pins',
] as const;

export type NotDone = (typeof NOT_DONE)[number];

/** What may become of an alert that is heard. */
const HEARD = ['done', 'already', 'undone', 'resolved', 'repeated', 'ignored', ...NOT_DONE] as const;

export type AlertResult = (typeof HEARD)[number];

/** What may become of an alert; `truncated`: Alertmanager left it out. */
export const RESULTS = [...HEARD, 'truncated'] as const;

export const isNotDone = (result: AlertResult): boolean => NOT_DONE.some((why) => why === result);

/** What came of doing what a rule says. */
export type Act =
  /** It is done; null: nothing of it could be taken back. */
  | { readonly kind: 'done'; readonly holds: Holds | null }
  /** It was so already; what holds then. */
  | { readonly kind: 'already'; readonly holds: Holds | null }
  | { readonly kind: 'not_done'; readonly why: NotDone };

/** Does what rules say. Nothing takes effect before all of a body is stored. */
export interface AlertActionsPort {
  act(what: AlertRule['do'], target: string): Act;
  /** False where something has changed since. */
  takeBack(holds: Holds): boolean;
}

/** An alert, and what became of it. */
export interface HeardAlert {
  readonly alert: Alert;
  readonly result: AlertResult;
  /** What it asks for, or what is taken back, where either was looked for. */
  readonly asked?: AlertRule['do'];
  /** The server or model, as the label has it; absent: the alert lacks the label. */
  readonly about?: string;
}

/**
 * Hears the alerts of a body. An alert acts once in its episode, and repeats do nothing; what could not be done is tried again
 * with each repeat. Alerts that fire come first: what one of them wants as well is not taken back for another.
 */
export function hear(
  alerts: readonly Alert[],
  rules: readonly AlertRule[],
  episodes: EpisodeDraft,
  actions: AlertActionsPort,
): readonly HeardAlert[] {
  const firing = alerts.filter(({ status }) => status === 'firing');
  const resolved = alerts.filter(({ status }) => status === 'resolved');
  return [
    ...firing.map((alert) => fires(alert, rules, episodes, actions)),
    ...resolved.map((alert) => ends(alert, episodes, actions)),
  ];
}

function fires(
  alert: Alert,
  rules: readonly AlertRule[],
  episodes: EpisodeDraft,
  actions: AlertActionsPort,
): HeardAlert {
  const { fingerprint: key } = alert;
  const known = episodes.current(key);
  if (known?.isDone) {
    episodes.hear(key);
    return { alert, result: 'repeated' };
  }
  const rule = ruleOf(rules, alert);
  if (rule === undefined) return { alert, result: 'ignored' };
  const about = Object.hasOwn(alert.labels, rule.label) ? alert.labels[rule.label] : undefined;
  const act: Act = about ? actions.act(rule.do, about) : { kind: 'not_done', why: 'no_label' };
  const told = { alert, asked: rule.do, ...(about !== undefined && { about }) };
  if (act.kind !== 'not_done') {
    episodes.set(key, begun(act, rule, episodes));
    return { ...told, result: act.kind };
  }
  if (known) episodes.hear(key);
  else episodes.set(key, { isDone: false, holds: null, undo: rule.undo });
  return { ...told, result: known ? 'repeated' : act.why };
}

/**
 * What was so already is held as well where another episode holds it: the last of them to end takes it back. Where one of them
 * keeps it, none takes it back.
 */
function begun(
  { kind, holds }: Exclude<Act, { kind: 'not_done' }>,
  { undo }: AlertRule,
  episodes: EpisodeDraft,
): Omit<StoredAlert, 'heardAt'> {
  if (kind === 'done' || holds === null) return { isDone: true, holds, undo };
  const others = episodes.holdersOf(holds);
  const [first] = others;
  if (first === undefined) return { isDone: true, holds: null, undo };
  // All that hold the same are alike in this.
  const { holds: same, undo: isUndone } = episodes.get(first)!;
  if (isUndone && !undo)
    for (const key of [...others]) episodes.set(key, { ...episodes.get(key)!, undo: false });
  return { isDone: true, holds: same, undo: isUndone && undo };
}

function ends(alert: Alert, episodes: EpisodeDraft, actions: AlertActionsPort): HeardAlert {
  const { fingerprint: key } = alert;
  const known = episodes.get(key);
  if (known === undefined) return { alert, result: 'ignored' };
  episodes.end(key);
  const { holds, undo } = known;
  if (!undo || holds === null || episodes.holdersOf(holds).size > 0) return { alert, result: 'resolved' };
  const result = actions.takeBack(holds) ? 'undone' : 'resolved';
  return { alert, result, asked: holds.kind, about: holds.name };
}

/** The first rule that fits an alert: each label that it asks for has the value that it asks for. */
function ruleOf(rules: readonly AlertRule[], { labels }: Pick<Alert, 'labels'>): AlertRule | undefined {
  return rules.find(({ match }) =>
    match.every(([label, value]) => Object.hasOwn(labels, label) && labels[label] === value),
  );
}
