import type { Logger } from 'pino';
import { withoutKeys } from '#config';
import { cutTo } from '../../transport/errors/refused.js';
import { type HeardAlert, isNotDone } from './judge-alerts.js';

/** Lines logged of one body; the others are counted. */
const MAX_LINES = 20;
/** Labels are texts of others: so much is told of one. */
const MAX_LABEL_LENGTH = 128;

/** Writes down what alerts did, and once in each episode what one could not do. Repeats write nothing. */
export function logAlerts(
  log: Pick<Logger, 'info' | 'warn'>,
  heard: readonly HeardAlert[],
  truncatedAlerts: number,
): void {
  const acted = heard.filter(({ result }) => result === 'done' || result === 'undone');
  const failed = heard.filter(({ result }) => isNotDone(result));
  for (const { asked, alert, about, fingerprint, result } of acted.slice(0, MAX_LINES).map(factsOf))
    log.info({ alert, about, fingerprint, result }, `an alert took effect: ${asked}`);
  for (const { asked, alert, about, fingerprint, result } of failed.slice(0, MAX_LINES).map(factsOf))
    log.warn({ alert, about, fingerprint, result }, `what an alert asks for is not done: ${asked}`);
  const unsaid = Math.max(0, acted.length - MAX_LINES) + Math.max(0, failed.length - MAX_LINES);
  if (unsaid > 0) log.warn({ alerts: unsaid }, 'further alerts of the same body are not logged one by one');
  if (truncatedAlerts > 0)
    log.warn({ alerts: truncatedAlerts }, 'Alertmanager left alerts out of a body: they did nothing');
}

function factsOf({ alert: { labels, fingerprint }, result, asked, about }: HeardAlert) {
  return { asked: asked ?? null, alert: told(labels['alertname']), about: told(about), fingerprint, result };
}

const told = (text: string | undefined): string | null =>
  text === undefined ? null : cutTo(MAX_LABEL_LENGTH, withoutKeys(text));
