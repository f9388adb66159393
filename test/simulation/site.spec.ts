import { beforeEach, describe, expect, it } from '@jest/globals';
import { emptyFleet, type Fleet, gpuAccount, type ReplicaId } from '#core';
import type { Agenda } from '#triton-simulator';
import { NOBODY, type OpenOrder } from './open-order.js';
import type { Site } from './site.js';
import { smallSite } from './small-site.js';
import type { Trail } from './trail.js';

const RAN_OUT = /large@.* ran out of memory on 0 without a cause/;

/** A fleet whose only GPU is measured, with a load that books so much. */
const MEASURED = (): Fleet => {
  const fleet = emptyFleet();
  const bookings = [{ account: gpuAccount(site.id, 0), bytes: booked }];
  const replica = { model: 'large', server: site.id, phase: 'loading', bookings };
  fleet.replicas.set('large@s0' as ReplicaId, replica as never);
  fleet.servers.set(site.id, {
    spec: site.planned.spec,
    hidden: [],
    devices: [{ ordinal: 0, used: 0 }],
  } as never);
  return fleet;
};

let agenda: Agenda;
let trail: Trail;
let site: Site;
let booked = 0;

beforeEach(() => {
  booked = 0;
  const config = { backend: 'python', instance_group: [{ kind: 'KIND_GPU', gpus: [0] }] };
  ({ agenda, trail, site } = smallSite([{ name: 'large', gpuBytes: 200, loadMs: 10, config }]));
});

describe('memory that runs out', () => {
  function loadTooMuch(): void {
    agenda.advance(10_000);
    site.sim.load('large', {}, () => {});
    agenda.advance(1_000);
    site.checkMemory(MEASURED());
  }

  /** A load is decided, with so much booked by now, and then. */
  function decide(bytes: number, then = bytes): void {
    booked = bytes;
    const books = new Map([['large', [{ account: gpuAccount(site.id, 0), bytes: then }]]]);
    site.decided.set('large', { at: agenda.now(), booked: books, cause: undefined });
  }

  const othersCome = (): void => {
    site.sim.inject({ kind: 'foreignMemory', device: 0, bytes: 40 });
    site.surprises.on(0)!.foreign = 40;
    site.checkMemory(MEASURED());
  };

  /** Berth hears why the load of a model has failed. */
  const hears = (): number => (site.decided.get('large')!.cause!.heardAt = agenda.now());

  it('is a broken promise', () => {
    loadTooMuch();
    expect(trail.failure).toMatch(RAN_OUT);
  });

  it('is one, too, where the books had as much for the model', () => {
    decide(200);
    loadTooMuch();
    expect(trail.failure).toMatch(RAN_OUT);
  });

  it('is excused where the model takes more than the books could tell', () => {
    decide(60);
    loadTooMuch();
    expect(trail.failure).toBe(undefined);
  });

  it('is excused where as much is booked for the model by now', () => {
    decide(200, 60);
    loadTooMuch();
    expect(trail.failure).toBe(undefined);
  });

  it('is excused where others have come, once: from when Berth has heard of it no load that it orders may', () => {
    othersCome();
    decide(200);
    loadTooMuch();
    loadTooMuch();
    expect(trail.failure).toBe(undefined);
    hears();
    loadTooMuch();
    expect(trail.failure).toBe(undefined);
    decide(200);
    loadTooMuch();
    expect(trail.failure).toMatch(RAN_OUT);
  });

  it('is not excused where a look has shown all that others have', () => {
    othersCome();
    site.surprises.on(0)!.show(agenda.now() + 2_999);
    decide(200);
    loadTooMuch();
    expect(trail.failure).toBe(undefined);
    site.surprises.on(0)!.show(agenda.now());
    loadTooMuch();
    expect(trail.failure).toMatch(RAN_OUT);
  });

  it('is excused once more where copies that were never measured hide again what others have', () => {
    othersCome();
    site.surprises.on(0)!.show(agenda.now() + 3_000);
    decide(200);
    site.surprises.on(0)!.hide(30, agenda.now());
    loadTooMuch();
    expect(trail.failure).toBe(undefined);
  });

  it.each([
    ['its next life', () => site.sim.inject({ kind: 'restart' })],
    ['its next machine', () => (site.refit(1), site.sim.start())],
  ])('is excused where others meddled, but not in %s', (_, restart) => {
    site.isMuddled = true;
    loadTooMuch();
    expect(trail.failure).toBe(undefined);
    restart();
    site.checkMemory(MEASURED());
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

  it('of one Berth may arrive again while it waits for a step that is read anew, which no look shows', () => {
    const config = { backend: 'python', instance_group: [{ kind: 'KIND_GPU', gpus: [0] }] };
    const step = { name: 'large', gpuBytes: 20, loadMs: 100, config };
    ({ agenda, trail, site } = smallSite([step, { name: 'whole', steps: ['large'] }]));
    const send = (): void =>
      site.order({ kind: 'load', model: 'whole', life: 1, orderedAt: agenda.now() }, {}, () => {});
    agenda.advance(10_000);
    sendOf('load', 1);
    agenda.advance(1_000);
    site.sim.repository.touch('large', 'files');
    send();
    agenda.advance(50);
    send();
    expect([trail.failure, trail.marks.get('late order')]).toEqual([undefined, 1]);
    agenda.advance(1_000);
    send();
    send();
    expect(trail.failure).toMatch(/load whole@s0 arrived while a load of it was in work/);
  });

  it.each([
    ['is not excused for the living', 1, RAN_OUT],
    ['is excused for a dead one, whose load could not be counted', NOBODY, /^none$/],
  ])('for more memory than there is %s', (_, life, failure) => {
    agenda.advance(10_000);
    sendOf('load', life);
    agenda.advance(1_000);
    site.checkMemory(MEASURED());
    expect(trail.failure ?? 'none').toMatch(failure);
  });
});
