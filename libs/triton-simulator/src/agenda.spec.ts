import { describe, expect, it } from '@jest/globals';
import { Agenda, MortalTimers } from './agenda.js';

describe('Agenda', () => {
  it('runs what is due in the order of time, then of entry', () => {
    const agenda = new Agenda();
    const ran: string[] = [];
    for (const [ms, name] of [
      [20, 'c'],
      [10, 'a'],
      [10, 'b'],
      [30, 'd'],
    ] as const) {
      agenda.after(ms, () => ran.push(`${name}@${agenda.now()}`));
    }
    agenda.runUntil(25);
    expect(ran).toEqual(['a@10', 'b@10', 'c@20']);
    expect(agenda.now()).toBe(25);
    expect(agenda.nextDue()).toBe(30);
  });

  it('runs what is entered meanwhile, and never what was cancelled', () => {
    const agenda = new Agenda();
    const ran: string[] = [];
    const cancel = agenda.after(5, () => ran.push('cancelled'));
    agenda.after(1, () => {
      cancel();
      agenda.after(1, () => ran.push('later'));
    });
    expect(agenda.runNext()).toBe(true);
    expect(agenda.runNext()).toBe(true);
    expect(agenda.runNext()).toBe(false);
    expect(ran).toEqual(['later']);
  });

  it('keeps the order among many entries', () => {
    const agenda = new Agenda();
    const due = Array.from({ length: 500 }, (_, at) => (at * 7919) % 503);
    const ran: number[] = [];
    for (const ms of due) agenda.after(ms, () => ran.push(ms));
    agenda.advance(1000);
    expect(ran).toEqual([...due].sort((one, other) => one - other));
  });
});

describe('MortalTimers', () => {
  it('falls silent at once, and for good', () => {
    const agenda = new Agenda();
    const timers = new MortalTimers(agenda);
    const ran: string[] = [];
    timers.after(1, () => ran.push('before'));
    timers.after(5, () => ran.push('after'));
    agenda.runUntil(2);
    timers.die();
    timers.after(1, () => ran.push('too late'));
    agenda.runUntil(100);
    expect(ran).toEqual(['before']);
  });
});
