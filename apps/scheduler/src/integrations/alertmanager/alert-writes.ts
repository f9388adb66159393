import { Inject, Injectable } from '@nestjs/common';
import { check, withoutKeys } from '#config';
import { cutTo, invalid, Refused } from '../../transport/errors/refused.js';
import { LOG } from '../../transport/nest-log.js';
import { TermConfig } from '../../cluster/leadership/term-config.js';
import { WallTimes } from '../../transport/wall-times.js';
import { type Caller, checkNoIfMatch } from '../../transport/access/caller.js';
import { type Heard, type Written, Writes } from '../../admin/idempotency/writes.js';
import { AlertActions, AlertTargets } from './alert-actions.js';
import { type Alert, type AlertBody, alertBodySchema } from './alert-body.js';
import { hear, type HeardAlert, isNotDone, type RESULTS } from './judge-alerts.js';
import { FiringAlerts } from './firing-alerts.js';
import type { Logger } from 'pino';
import { Metrics } from '#telemetry';

/** Lines logged of one body; the others are counted. */
const MAX_LINES = 20;
/** Characters of a label in a line: labels are texts of others. */
const MAX_LABEL_LENGTH = 128;

const ASKED = { method: 'POST', path: '/v1/webhooks/alertmanager' };

/** How many alerts came to what. */
export interface AlertsTold {
  readonly results: Readonly<Partial<Record<(typeof RESULTS)[number], number>>>;
}

/** Does what the alerts of a body ask for, by the rules of the configuration: one write, durable before it is answered. */
@Injectable()
export class AlertWrites {
  constructor(
    @Inject(TermConfig) private readonly present: TermConfig,
    @Inject(AlertTargets) private readonly targets: AlertTargets,
    @Inject(FiringAlerts) private readonly firing: FiringAlerts,
    @Inject(LOG) private readonly log: Logger,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(WallTimes) private readonly times: WallTimes,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  /** Resolves once all is durable. What cannot be done is no refusal: the alert is heard all the same. */
  async hear(body: unknown, caller: Caller): Promise<Written<AlertsTold>> {
    const { hookMessages } = this.metrics.counts;
    const webhook = 'alertmanager';
    try {
      checkNoIfMatch(caller);
      const read = check(alertBodySchema, body);
      if (!read.ok) throw invalid(read.errors);
      const heard = await this.writes.hear({ ...ASKED, caller }, () => this.prepared(read.value, caller));
      const { told, isRepeat } = heard.body;
      hookMessages.inc({ webhook, result: isRepeat ? 'repeated' : 'taken' });
      return heard.telling(told);
    } catch (error) {
      if (error instanceof Refused) hookMessages.inc({ webhook, result: 'refused' });
      throw error;
    }
  }

  /** The alerts of a body, heard in a draft; a body that changes nothing is a repeat. */
  private prepared(
    { alerts, truncatedAlerts = 0 }: AlertBody,
    { credential }: Caller,
  ): Heard<{ readonly told: AlertsTold; readonly isRepeat: boolean }> {
    const now = this.times.wallNow();
    const { draft, actions, heard } = this.drafted(alerts, now, credential);
    const { changes, dropped } = draft.changes();
    const commit = () => {
      this.firing.follow(changes);
      actions.commit();
      return { told: this.tell(heard, { truncatedAlerts, dropped }), isRepeat: changes.length === 0 };
    };
    return { changes: [...actions.changes, ...changes], ordered: actions.ordered, commit };
  }

  /**
   * Mostly all pins of a body fit, and are judged at once. Where they do not, they are judged one by one. Of so many that not all
   * are judged, each repeat begins elsewhere, so that none waits behind others for ever.
   */
  private drafted(alerts: readonly Alert[], now: number, credential: string) {
    const together = this.draftOf(alerts, now, new AlertActions(this.targets, 'together', credential));
    if (together.actions.pinsFit()) return together;
    const from = now % alerts.length;
    const turned = [...alerts.slice(from), ...alerts.slice(0, from)];
    return this.draftOf(turned, now, new AlertActions(this.targets, 'one_by_one', credential));
  }

  private draftOf(alerts: readonly Alert[], now: number, actions: AlertActions) {
    const draft = this.firing.draft(now);
    return { draft, actions, heard: hear(alerts, this.present.config.webhooks.alertmanager, draft, actions) };
  }

  /** Tells the metrics, the log and the caller. */
  private tell(
    heard: readonly HeardAlert[],
    { truncatedAlerts, dropped }: { readonly truncatedAlerts: number; readonly dropped: number },
  ): AlertsTold {
    const { counts } = this.metrics;
    const results: Partial<Record<(typeof RESULTS)[number], number>> = {};
    for (const { result } of heard) results[result] = (results[result] ?? 0) + 1;
    if (truncatedAlerts > 0) results.truncated = truncatedAlerts;
    for (const [result, count] of Object.entries(results)) counts.alerts.inc({ result }, count);
    if (dropped > 0) counts.alertEpisodesDropped.inc(dropped);
    logAlerts(this.log, heard, truncatedAlerts);
    return { results };
  }
}

/** Writes down what alerts did, and once in each episode what one could not do. Repeats write nothing. */
function logAlerts(
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
