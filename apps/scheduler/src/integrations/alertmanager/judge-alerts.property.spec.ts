import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AlertRule } from '#config';
import type { DeclarationChange, StoredAlert } from '#engine';
import type { Alert } from './alert-body.js';
import { FiringAlerts, type Holds } from './firing-alerts.js';
import { type Act, type AlertActionsPort, hear } from './judge-alerts.js';

const SERVERS = ['a', 'b'] as const;

/** An alert of this name is about one server, and is taken back once it is resolved, or not. */
const RULES: readonly AlertRule[] = [
  { match: [['alertname', 'Undone']], do: 'drain', label: 'server', undo: true },
  { match: [['alertname', 'Kept']], do: 'drain', label: 'server', undo: false },
];

/** Servers that alerts drain, and that operators drain and undrain; one that is not there yet cannot be drained. */
class Yard implements AlertActionsPort {
  readonly drains = new Map<string, { revision: number; isDrained: boolean }>();
  /** The servers that alerts drained and undrained, one after the other. */
  acts: string[] = [];

  act(_: AlertRule['do'], name: string): Act {
    const server = this.drains.get(name);
    if (server === undefined) return { kind: 'not_done', why: 'unknown_server' };
    if (server.isDrained) return { kind: 'already', holds: this.holds(name) };
    this.turn(name, true);
    this.acts.push(`drain ${name}`);
    return { kind: 'done', holds: this.holds(name) };
  }

  takeBack({ name, revision }: Holds): boolean {
    if (this.drains.get(name)?.revision !== revision) return false;
    this.turn(name, false);
    this.acts.push(`undrain ${name}`);
    return true;
  }

  /** By hand. */
  turn(name: string, isDrained: boolean): void {
    const { revision = 0 } = this.drains.get(name) ?? {};
    this.drains.set(name, { revision: revision + 1, isDrained });
  }

  private holds(name: string): Holds {
    return { kind: 'drain', name, revision: this.drains.get(name)!.revision };
  }
}

type Step =
  | { readonly kind: 'body'; readonly alerts: readonly Alert[] }
  | { readonly kind: 'hand'; readonly server: string; readonly isDrained: boolean }
  | { readonly kind: 'restart' };

const alert: fc.Arbitrary<Alert> = fc
  .tuple(
    fc.constantFrom('firing', 'firing', 'resolved'),
    fc.constantFrom('Undone', 'Undone', 'Kept', 'Kept', 'Other'),
    fc.constantFrom('a', 'a', 'a', 'b'),
    fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
  )
  .map(([status, alertname, server, startsAt]) => ({
    status,
    labels: { alertname, server },
    startsAt,
    fingerprint: `${alertname}${server}`,
  }));

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('body' as const), alerts: fc.array(alert, { maxLength: 4 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('hand' as const),
      server: fc.constantFrom(...SERVERS),
      isDrained: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constant('restart' as const) }),
);

/** So long that alerts meet: several want one drain, and operators come between them. */
const history = fc.array(step, { maxLength: 40, size: 'max' });

/** Plays steps, as the service does, and says what alerts did with each. */
class Play {
  readonly yard = new Yard();
  private firing = new FiringAlerts(new Map());
  private stored = new Map<string, StoredAlert>();

  /** What alerts did. */
  take(one: Step): readonly string[] {
    this.yard.acts = [];
    if (one.kind === 'hand') this.yard.turn(one.server, one.isDrained);
    else if (one.kind === 'restart') this.firing = new FiringAlerts(this.stored);
    else this.keep(this.hear(one.alerts));
    return this.yard.acts;
  }

  hear(alerts: readonly Alert[]): readonly DeclarationChange[] {
    const draft = this.firing.draft(0);
    hear(alerts, RULES, draft, this.yard);
    return draft.changes().changes;
  }

  private keep(changes: readonly DeclarationChange[]): void {
    this.firing.follow(changes);
    for (const change of changes) {
      if (change.kind !== 'episode') continue;
      if (change.value === null) this.stored.delete(change.key);
      else this.stored.set(change.key, change.value);
    }
  }
}

/** What should be, worked out from the words of the alerts alone. */
class Ought {
  private readonly firing = new Map<string, { readonly server: string; readonly hasActed: boolean }>();
  /** The alerts that want the drain that stands now, where alerts made it; null: a hand made the last change. */
  private readonly wanting = new Map<string, { readonly by: Set<string>; isKept: boolean } | null>();

  constructor(private readonly yard: Yard) {}

  byHand(server: string): void {
    this.wanting.set(server, null);
  }

  /** What a body has to do, by the servers as they were before it. */
  acts(alerts: readonly Alert[]): readonly string[] {
    const drained = new Map(SERVERS.map((name) => [name as string, this.yard.drains.get(name)?.isDrained]));
    const firing = alerts.filter(({ status }) => status === 'firing');
    const resolved = alerts.filter(({ status }) => status === 'resolved');
    return [
      ...firing.flatMap((one) => this.begins(one, drained)),
      ...resolved.flatMap((one) => this.ends(one, drained)),
    ];
  }

  private begins(one: Alert, drained: Map<string, boolean | undefined>): string[] {
    const { alertname = '', server = '' } = one.labels;
    const key = one.fingerprint;
    if (alertname === 'Other' || this.firing.get(key)?.hasActed) return [];
    const isDrained = drained.get(server);
    this.firing.set(key, { server, hasActed: isDrained !== undefined });
    if (isDrained === undefined) return [];
    drained.set(server, true);
    if (isDrained) this.joins(key, one.labels);
    else this.wanting.set(server, { by: new Set([key]), isKept: alertname === 'Kept' });
    return isDrained ? [] : [`drain ${server}`];
  }

  /** A drain that no alert wants any more is a hand's. */
  private joins(key: string, { alertname, server = '' }: Alert['labels']): void {
    const wanting = this.wanting.get(server);
    if (!wanting || wanting.by.size === 0) return;
    wanting.by.add(key);
    wanting.isKept ||= alertname === 'Kept';
  }

  private ends(one: Alert, drained: Map<string, boolean | undefined>): string[] {
    const key = one.fingerprint;
    const known = this.firing.get(key);
    if (!known) return [];
    this.firing.delete(key);
    const wanting = this.wanting.get(known.server);
    if (!wanting?.by.delete(key) || wanting.by.size > 0 || wanting.isKept) return [];
    this.wanting.set(known.server, null);
    drained.set(known.server, false);
    return [`undrain ${known.server}`];
  }
}

describe('alerts', () => {
  let once: fc.IProperty<[Step[]]>;
  let nothing: fc.IProperty<[Step[]]>;

  beforeAll(() => {
    once = fc.property(history, (steps) => {
      const play = new Play();
      const ought = new Ought(play.yard);
      for (const one of steps) {
        if (one.kind === 'hand') ought.byHand(one.server);
        const expected = one.kind === 'body' ? ought.acts(one.alerts) : [];
        expect(play.take(one)).toEqual(expected);
      }
    });
    nothing = fc.property(history, (steps) => {
      const play = new Play();
      for (const one of steps) {
        play.take(one);
        if (one.kind !== 'body') continue;
        play.yard.acts = [];
        expect([play.hear(firingOnly(one.alerts)), play.yard.acts]).toEqual([[], []]);
      }
    });
  });

  it('act once in each episode, and take back only what no other alert and no hand has a part in', () =>
    fc.assert(once));

  it('change nothing when they are repeated', () => fc.assert(nothing));
});

/** What fires and was not resolved in the same body: a repeat of it comes while its episode lasts. */
function firingOnly(alerts: readonly Alert[]): Alert[] {
  const ended = new Set(alerts.filter(({ status }) => status === 'resolved').map((one) => one.fingerprint));
  return alerts.filter((one) => one.status === 'firing' && !ended.has(one.fingerprint));
}
