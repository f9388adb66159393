import { Inject, Injectable } from '@nestjs/common';
import { type AlertRule, check } from '#config';
import { invalid, Refused } from '../errors/refused.js';
import { Places } from '../places.js';
import { PerTerm } from '../per-term.js';
import { type Caller, checkNoIfMatch } from '../writes/caller.js';
import type { Heard, Written, Writes } from '../writes/writes.js';
import { AlertHands, type HandPorts } from './alert-hands.js';
import { logAlerts } from './alert-log.js';
import { type Alert, type AlertBody, alertBodySchema } from './alert-body.js';
import { hear, type HeardAlert, type RESULTS } from './hear.js';
import type { Episodes } from './episodes.js';
import type { Logger } from 'pino';
import type { Metrics } from '#telemetry';

const ASKED = { method: 'POST', path: '/v1/webhooks/alertmanager' };

/** A body of 1 MiB takes several times as much once it is read. */
const MOST_AT_A_TIME = 8;
const FULL = {
  reason: 'busy',
  detail: 'too many bodies of alerts are under way',
  retryAfter: 1_000,
} as const;

/** How many alerts came to what. */
export interface AlertsTold {
  readonly results: Readonly<Partial<Record<(typeof RESULTS)[number], number>>>;
}

/** What alerts use of the present term. */
interface AlertPorts extends HandPorts {
  readonly alertRules: { readonly list: readonly AlertRule[] };
  readonly episodes: Episodes;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly writes: Writes;
}

/** Does what the alerts of a body ask for, by the rules of the configuration: one write, durable before it is answered. */
@Injectable()
export class AlertWrites {
  readonly places = new Places(MOST_AT_A_TIME, FULL);

  constructor(@Inject(PerTerm) private readonly term: PerTerm<AlertPorts>) {}

  /** Resolves once all is durable. What cannot be done is no refusal: the alert is heard all the same. */
  async hear(body: unknown, caller: Caller): Promise<Written<AlertsTold>> {
    const made = this.term.now;
    const { hookMessages } = made.metrics.counts;
    const webhook = 'alertmanager';
    try {
      checkNoIfMatch(caller);
      const read = check(alertBodySchema, body);
      if (!read.ok) throw invalid(read.errors);
      const heard = await made.writes.hear({ ...ASKED, caller }, () => prepared(made, read.value, caller));
      const { told, isRepeat } = heard.body;
      hookMessages.inc({ webhook, result: isRepeat ? 'repeated' : 'taken' });
      return heard.telling(told);
    } catch (error) {
      if (error instanceof Refused) hookMessages.inc({ webhook, result: 'refused' });
      throw error;
    }
  }
}

/** The alerts of a body, heard in a draft; a body that changes nothing is a repeat. */
function prepared(
  made: AlertPorts,
  { alerts, truncatedAlerts = 0 }: AlertBody,
  { credential }: Caller,
): Heard<{ readonly told: AlertsTold; readonly isRepeat: boolean }> {
  const now = made.times.wallNow();
  const { draft, hands, heard } = drafted(made, alerts, now, credential);
  const { changes, dropped } = draft.changes();
  const commit = () => {
    made.episodes.follow(changes);
    hands.commit();
    return { told: tell(made, heard, { truncatedAlerts, dropped }), isRepeat: changes.length === 0 };
  };
  return { changes: [...hands.changes, ...changes], ordered: hands.ordered, commit };
}

/**
 * Mostly all pins of a body fit, and are judged at once. Where they do not, they are judged one by one. Of so many that not all
 * are judged, each repeat begins elsewhere, so that none waits behind others for ever.
 */
function drafted(made: AlertPorts, alerts: readonly Alert[], now: number, credential: string) {
  const together = draftOf(made, alerts, now, new AlertHands(made, 'together', credential));
  if (together.hands.pinsFit()) return together;
  const from = now % alerts.length;
  const turned = [...alerts.slice(from), ...alerts.slice(0, from)];
  return draftOf(made, turned, now, new AlertHands(made, 'one_by_one', credential));
}

function draftOf(made: AlertPorts, alerts: readonly Alert[], now: number, hands: AlertHands) {
  const draft = made.episodes.draft(now);
  return { draft, hands, heard: hear(alerts, made.alertRules.list, draft, hands) };
}

/** Tells the metrics, the log and the caller. */
function tell(
  { log, metrics: { counts } }: AlertPorts,
  heard: readonly HeardAlert[],
  { truncatedAlerts, dropped }: { readonly truncatedAlerts: number; readonly dropped: number },
): AlertsTold {
  const results: Partial<Record<(typeof RESULTS)[number], number>> = {};
  for (const { result } of heard) results[result] = (results[result] ?? 0) + 1;
  if (truncatedAlerts > 0) results.truncated = truncatedAlerts;
  for (const [result, count] of Object.entries(results)) counts.alerts.inc({ result }, count);
  if (dropped > 0) counts.alertEpisodesDropped.inc(dropped);
  logAlerts(log, heard, truncatedAlerts);
  return { results };
}
