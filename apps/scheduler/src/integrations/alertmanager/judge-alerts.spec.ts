import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AlertRule } from '#config';
import type { Alert } from './alert-body.js';
import { FiringAlerts, type Holds } from './firing-alerts.js';
import { type Act, type AlertActionsPort, hear } from './judge-alerts.js';

const UNDO: AlertRule = { match: [['alertname', 'Undone']], do: 'pin', label: 'model', undo: true };
const KEEP: AlertRule = { match: [['alertname', 'Kept']], do: 'pin', label: 'model', undo: false };
const HOLDS: Holds = { kind: 'pin', name: 'm', revision: 1 };

describe('hearing alerts', () => {
  let firing: FiringAlerts;
  let now: number;
  let next: Act;
  let isUnchanged: boolean;
  let acts: string[];
  let actions: AlertActionsPort;

  beforeEach(() => {
    firing = new FiringAlerts(new Map());
    now = Date.parse('2026-01-01T00:00:00Z');
    next = { kind: 'done', holds: HOLDS };
    isUnchanged = true;
    acts = [];
    actions = {
      act: (what, target) => {
        acts.push(`${what} ${target}`);
        return next;
      },
      takeBack: ({ name }) => {
        if (isUnchanged) acts.push(`take back ${name}`);
        return isUnchanged;
      },
    };
  });

  const alert = (
    alertname: string,
    status: Alert['status'] = 'firing',
    more: Partial<Alert> = {},
  ): Alert => ({
    ...{ status, fingerprint: alertname, startsAt: '2026-01-01T00:00:00Z' },
    labels: { alertname, model: 'm' },
    ...more,
  });
  const heard = (...alerts: Alert[]): string[] => {
    const draft = firing.draft(now);
    const results = hear(alerts, [UNDO, KEEP], draft, actions).map(({ result }) => result);
    firing.follow(draft.changes().changes);
    return results;
  };

  it('does what the first rule that fits says, of the label that the rule names', () => {
    expect(heard(alert('Undone'), alert('Other'))).toEqual(['done', 'ignored']);
    expect(acts).toEqual(['pin m']);
  });

  it.each([
    ['of a rule with keep', 'Kept'],
    ['of a rule with undo', 'Undone'],
  ])(
    'takes nothing back that an alert of a rule with keep has asked for as well: first one %s',
    (_, first) => {
      const second = first === 'Kept' ? 'Undone' : 'Kept';
      heard(alert(first));
      next = { kind: 'already', holds: HOLDS };
      expect(heard(alert(second))).toEqual(['already']);
      for (const name of ['Kept', 'Undone']) expect(heard(alert(name, 'resolved'))).toEqual(['resolved']);
      expect(acts).toEqual(['pin m', 'pin m']);
    },
  );

  it('takes back nothing that was so before, and nothing that has changed', () => {
    next = { kind: 'already', holds: HOLDS };
    heard(alert('Undone'));
    expect(heard(alert('Undone', 'resolved'))).toEqual(['resolved']);
    next = { kind: 'done', holds: HOLDS };
    isUnchanged = false;
    heard(alert('Undone'));
    expect(heard(alert('Undone', 'resolved'))).toEqual(['resolved']);
    expect(acts).toEqual(['pin m', 'pin m']);
  });

  it('tells once what could not be done, and tries it again with each repeat', () => {
    next = { kind: 'not_done', why: 'pin_does_not_fit' };
    expect([heard(alert('Undone')), heard(alert('Undone'))]).toEqual([['pin_does_not_fit'], ['repeated']]);
    next = { kind: 'done', holds: HOLDS };
    expect([heard(alert('Undone')), heard(alert('Undone'))]).toEqual([['done'], ['repeated']]);
    expect(acts).toEqual(['pin m', 'pin m', 'pin m']);
  });

  it.each([{}, { model: '' }, Object.create({ model: 'm' }) as Record<string, string>])(
    'finds no label in %j',
    (labels) => {
      const lacking = alert('Undone', 'firing', { labels: { ...labels, alertname: 'Undone' } });
      expect([heard(lacking), acts]).toEqual([['no_label'], []]);
    },
  );

  it('goes on with the episode of a fingerprint, whenever it is said to have begun, until it is resolved', () => {
    const later = { startsAt: '2026-01-02T00:00:00Z' };
    expect(heard(alert('Undone'), alert('Undone', 'firing', later))).toEqual(['done', 'repeated']);
    expect(heard(alert('Undone', 'resolved', later))).toEqual(['undone']);
    expect(heard(alert('Undone', 'resolved'), alert('Never', 'resolved'))).toEqual(['ignored', 'ignored']);
    expect([heard(alert('Undone')), firing.size]).toEqual([['done'], 1]);
  });

  it('begins another episode after a day without any word, which undoes nothing', () => {
    heard(alert('Undone'));
    now += 24 * 3_600_000;
    next = { kind: 'already', holds: HOLDS };
    expect(heard(alert('Undone'))).toEqual(['already']);
    expect(acts).toEqual(['pin m', 'pin m']);
    expect(heard(alert('Undone', 'resolved'))).toEqual(['undone']);
  });
});
