import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Agenda } from '#triton-simulator';
import { NOBODY } from './open-order.js';
import type { Site } from './site.js';
import { smallSite } from './small-site.js';
import type { Trail } from './trail.js';

const STEPS = ['v', 'b'];
const OTHER = 'other';

let agenda: Agenda;
let trail: Trail;
let site: Site;

beforeEach(() => {
  const plain = [...STEPS, OTHER].map((name) => ({ name, loadMs: 10, unloadMs: 1_000 }));
  ({ agenda, trail, site } = smallSite([...plain, { name: 'r', steps: STEPS }]));
  agenda.advance(10_000);
  for (const name of ['r', OTHER]) load(name);
  site.sim.repository.touch('v', 'files');
  load('v');
  site.sim.inject({ kind: 'unloadsCrash' });
});

function load(name: string): void {
  site.sim.load(name, {}, () => {});
  agenda.advance(1_000);
}

function unload(model: string, life: number): void {
  site.order({ kind: 'unload', model, life, orderedAt: agenda.now() }, {}, () => {});
}

describe('a server that dies of unloads at once around a step that was read anew', () => {
  it('breaks a promise where all are of one Berth', () => {
    for (const model of [...STEPS, OTHER]) unload(model, 1);
    expect([site.sim.phase, trail.failure]).toEqual([
      'down',
      expect.stringMatching(/^at 13000.* s0 died of the unloads of v, b, other at once$/),
    ]);
  });

  it.each([
    ['a dead Berth', () => unload('other', NOBODY)],
    ['an earlier life', () => unload('other', 2)],
    ['a stranger', () => site.sim.unload('other', {}, () => {})],
  ])('breaks none where one of them is of %s', (_, meddle) => {
    for (const model of STEPS) unload(model, 1);
    meddle();
    expect([site.sim.phase, trail.failure]).toEqual(['down', undefined]);
  });

  it('is told of where one such unload is sent', () => {
    unload('v', 1);
    expect([site.sim.phase, trail.marks.get('unload beside a step read anew')]).toEqual(['up', 1]);
  });
});

describe('a call that fails for once', () => {
  it('is counted', () => {
    site.sim.inject({ kind: 'callFails', call: 'index' });
    site.sim.index({ ready: false }, () => {});
    agenda.advance(10);
    expect(trail.marks.get('index failed for once')).toBe(1);
  });
});
