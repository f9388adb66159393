import { beforeEach, describe, expect, it } from '@jest/globals';
import { Agenda } from '#testing';
import { makePlan } from './make-plan.js';
import { Site } from './site.js';
import { Trail } from './trail.js';

const RAN_OUT = /a load at .* asked for more memory than there is/;

describe('memory that runs out', () => {
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
