import { beforeEach, describe, expect, it } from '@jest/globals';
import { Agenda } from '#testing';
import { makePlan } from './make-plan.js';
import { NOBODY, type OpenOrder, Site } from './site.js';
import { Trail } from './trail.js';

const RAN_OUT = /a load at .* asked for more memory than there is/;

let agenda: Agenda;
let trail: Trail;
let site: Site;

beforeEach(() => {
  const [server] = makePlan(1, { hours: 0.01 }).servers;
  const setup = { ...server!.setup, devices: [{ ordinal: 0, uuid: 'GPU-0', memoryBytes: 100 }] };
  const config = { backend: 'python', instance_group: [{ kind: 'KIND_GPU', gpus: [0] }] };
  const disk = { name: 'large', gpuBytes: 200, loadMs: 10, config };
  agenda = new Agenda();
  trail = new Trail(() => agenda.now(), false);
  site = new Site({ ...server!, setup }, [{ disk } as never], agenda, trail);
});

describe('memory that runs out', () => {
  function loadTooMuch(): void {
    agenda.advance(10_000);
    site.sim.load('large', {}, () => {});
    agenda.advance(1_000);
    site.checkMemory();
  }

  it('is a broken promise', () => {
    loadTooMuch();
    expect(trail.failure).toMatch(RAN_OUT);
  });

  it.each([
    ['its next life', () => site.sim.inject({ kind: 'restart' })],
    ['its next machine', () => (site.refit(1), site.sim.start())],
  ])('is excused where others meddled, but not in %s', (_, restart) => {
    site.isMuddled = true;
    loadTooMuch();
    expect(trail.failure).toBe(undefined);
    restart();
    site.checkMemory();
    expect(trail.failure).toBe(undefined);
    loadTooMuch();
    expect(trail.failure).toMatch(RAN_OUT);
  });
});

describe('an order', () => {
  const sendOf = (kind: OpenOrder['kind'], life: number): void =>
    site.order({ kind, model: 'large', life, orderedAt: agenda.now() }, {}, () => {});

  it.each([
    ['a load', 'load', 1, 'load', NOBODY],
    ['a load, the other way round', 'load', NOBODY, 'load', 1],
    ['an unload', 'load', 1, 'unload', NOBODY],
    ['a load beside an unload', 'unload', NOBODY, 'load', 1],
  ] as const)('of a dead Berth may arrive beside one of the next: %s', (_, kind, life, second, whose) => {
    agenda.advance(10_000);
    sendOf(kind, life);
    sendOf(second, whose);
    expect([trail.failure, trail.marks.get('late order')]).toEqual([undefined, 1]);
  });

  it('of one Berth may not arrive beside another of its own', () => {
    agenda.advance(10_000);
    sendOf('load', 1);
    sendOf('load', 1);
    expect(trail.failure).toMatch(/load large@s0 arrived while a load of it was in work/);
    expect(trail.marks.get('late order')).toBe(undefined);
  });

  it.each([
    ['is not excused for the living', 1, RAN_OUT],
    ['is excused for a dead one, whose load nobody could count', NOBODY, /^none$/],
  ])('for more memory than there is %s', (_, life, failure) => {
    agenda.advance(10_000);
    sendOf('load', life);
    agenda.advance(1_000);
    site.checkMemory();
    expect(trail.failure ?? 'none').toMatch(failure);
  });
});
