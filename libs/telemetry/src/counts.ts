import type { Instruments } from './instruments.js';

/** The states of warm-ups that are kept. */
const WARMUPS = ['waiting', 'running', 'failed'] as const;

export type Counts = ReturnType<typeof countsOf>;

/** What is counted where it happens. Labels are of closed lists. */
export function countsOf(make: Instruments) {
  const counts = { ...ofCalls(make), ...ofForwards(make), ...ofProcess(make) };
  for (const state of WARMUPS) counts.warmups.set({ state }, 0);
  return counts;
}

/** What callers sent. */
const ofCalls = (make: Instruments) => ({
  alerts: make.counter('alerts_total', 'Alerts that Alertmanager posted, by what became of them.', 'result'),
  alertEpisodesDropped: make.counter(
    'alert_episodes_dropped_total',
    'Episodes of alerts forgotten while they may last, to make room for newer ones.',
  ),
  idempotencyKeysDropped: make.counter(
    'idempotency_keys_dropped_total',
    'Idempotency keys forgotten before 24 h, to make room for newer ones.',
  ),
  auditRecords: make.counter(
    'audit_records_total',
    'Audit records stored since the start of this process: one for each write.',
  ),
  connectionsRefused: { http: refused(make, 'http', 'HTTP'), grpc: refused(make, 'grpc', 'gRPC') },
  envoyStreamsReset: make.counter(
    'envoy_streams_reset_total',
    'Streams of Envoy that it has reset instead of closing them: many of them have Node close the connection.',
  ),
  objectivesUnknown: make.counter(
    'objectives_unknown_total',
    'Requests that named an objective which the configuration does not name: it was ignored.',
  ),
  hookMessages: make.counter(
    'webhook_messages_total',
    'Messages to the webhooks of Berth that a known sender sent, by what became of them: taken, repeated, outdated, or refused.',
    'webhook',
    'result',
  ),
  hookIdsDropped: make.counter(
    'webhook_ids_dropped_total',
    'Ids of webhook messages forgotten before 24 h, to make room for newer ones.',
  ),
});

/** What peers hand to the one that leads. */
const ofForwards = (make: Instruments) => ({
  /**
   * How a call that was handed to the leader ended. `answered`: by the leader. `no_leader`: none was found in time. `busy`: too
   * many were under way. `gone`: its caller went. `failed`: otherwise.
   */
  forwards: make.counter(
    'forwards_total',
    'Calls that were to be handed to the leader, by result.',
    'result',
  ),
  forwardsUnderWay: make.gauge('forwards_under_way', 'Calls that the leader has not answered yet.'),
});

/** What this process does by itself, and how it is open to clients. */
const ofProcess = (make: Instruments) => ({
  insecureListen: make.gauge(
    'insecure_listen',
    '1 where clients on other machines may do all without a key (--insecure-listen); else 0.',
  ),
  certificateExpires: make.gauge(
    'certificate_expires_timestamp_seconds',
    'When the TLS certificate that is served expires, in seconds since 1970; 0 without TLS.',
  ),
  recording: make.gauge('recorder_recording', 'Whether turns are recorded: 1 or 0.'),
  turnsDropped: make.counter(
    'recorder_turns_dropped_total',
    'Turns that were not recorded because the disk was slower than they were.',
  ),
  recordingFailures: make.counter(
    'recorder_failures_total',
    'How often the recording ended by itself; only a restart begins it anew.',
  ),
  warmups: make.gauge('warmups', 'Warm-ups that are kept, by state; failed ones are dead letters.', 'state'),
  warmupModels: make.counter(
    'warmup_models_total',
    'Models of warm-ups that this process has waited for, by outcome.',
    'outcome',
  ),
  warmupsEnded: make.counter(
    'warmups_ended_total',
    'Warm-ups that have ended in this process, by state.',
    'state',
  ),
});

const refused = (make: Instruments, over: string, words: string) =>
  make.counter(
    `${over}_connections_refused_total`,
    `${words} connections closed as they came, since as many as there may be had a request.`,
  );
