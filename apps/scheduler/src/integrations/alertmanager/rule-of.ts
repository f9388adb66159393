import type { AlertRule } from '#config';
import type { Alert } from './alert-body.js';

/** The first rule that fits an alert: each label that it asks for has the value that it asks for. */
export function ruleOf(
  rules: readonly AlertRule[],
  { labels }: Pick<Alert, 'labels'>,
): AlertRule | undefined {
  return rules.find(({ match }) =>
    match.every(([label, value]) => Object.hasOwn(labels, label) && labels[label] === value),
  );
}
