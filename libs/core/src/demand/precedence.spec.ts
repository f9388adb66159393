import { describe, expect, it } from '@jest/globals';
import { emptyFleet } from '../fleet/fleet.js';
import type { ModelId, RequestId, TenantId } from '../fleet/ids.js';
import { type Candidate, inPrecedence } from './precedence.js';

const NOW = 100_000;

/** Loads in line, of one model each, and the requests that wait for them. */
class Line {
  readonly fleet = emptyFleet();
  private readonly candidates: Candidate[] = [];

  constructor() {
    this.fleet.limits = { ...this.fleet.limits, starvation: 30_000 };
  }

  /** @param seconds how long its load should take. */
  add(model: string, seconds: number, parts: Partial<Candidate> = {}): this {
    const models = [model as ModelId];
    this.candidates.push({ models, stage: 0, isDue: false, cost: seconds * 1_000, ...parts });
    return this;
  }

  ask(model: string, { tenant = 'a', waited = 0, left = 600_000, times = 1 } = {}): this {
    for (let nth = 0; nth < times; nth++) {
      const id = `r${this.fleet.waiting.size}` as RequestId;
      this.fleet.waiting.set(id, {
        ...{ id, model: model as ModelId, version: null, arrivedAt: NOW - waited, deadline: NOW + left },
        ...{ lease: 0, class: 'default', avoid: [], tenant: tenant as TenantId, bytes: 1 },
      });
    }
    return this;
  }

  wish(model: string): this {
    this.fleet.wishes.set(model as ModelId, { until: NOW + 60_000, admin: false, since: NOW });
    return this;
  }

  owe(tenant: string, seconds: number): this {
    this.fleet.deficits.set(tenant as TenantId, seconds * 1_000);
    return this;
  }

  order(): string[] {
    return inPrecedence(this.fleet, this.candidates, NOW).map(({ one }) => one.models[0]!);
  }
}

describe('of one tenant', () => {
  it('that goes first for which more wait per second of its load', () => {
    const line = new Line().add('many', 30).add('short', 5).add('few', 30);
    line.ask('many', { times: 7 }).ask('short').ask('few', { times: 4 });
    expect(line.order()).toEqual(['many', 'short', 'few']);
  });

  it('age adds to that: a request that has waited for half of 5 s counts half as much again', () => {
    const line = new Line().add('new', 10).add('old', 10);
    line.ask('new', { times: 4 }).ask('old', { times: 3, waited: 2_500 });
    expect(line.order()).toEqual(['old', 'new']);
  });

  it('of what is worth about the same that goes first whose deadline is earlier', () => {
    const line = new Line().add('later', 10).add('sooner', 10);
    line.ask('later', { times: 20, left: 60_000 }).ask('sooner', { times: 19, left: 20_000 });
    expect(line.order()).toEqual(['sooner', 'later']);
  });

  it('a deadline that cannot be met hurries no load', () => {
    const line = new Line().add('more', 10).add('missed', 10);
    line.ask('more', { times: 20, left: 60_000 }).ask('missed', { times: 19, left: 9_999 });
    expect(line.order()).toEqual(['more', 'missed']);
  });

  it('a starving load goes before whatever is worth more, the longest wait first', () => {
    const line = new Line().add('popular', 1).add('starved', 60).add('longest', 90);
    line.ask('popular', { times: 99, waited: 29_999 });
    line.ask('starved', { waited: 30_000 }).ask('longest', { waited: 31_000 });
    expect(line.order()).toEqual(['longest', 'starved', 'popular']);
  });

  it('what is equal keeps the order in which it came', () => {
    const line = new Line().add('first', 10).add('second', 10);
    expect(line.ask('second').ask('first').order()).toEqual(['first', 'second']);
  });
});

it('a refused request counts for a quarter of a waiting one', () => {
  const wished = (waiting: number): string[] =>
    new Line()
      .add('waited for', 1)
      .add('wished', 1)
      .wish('wished')
      .ask('wished', { times: 8 })
      .ask('waited for', { times: waiting })
      .order();
  expect([wished(8), wished(11)]).toEqual([
    ['wished', 'waited for'],
    ['waited for', 'wished'],
  ]);
});

describe('over tenants', () => {
  it('a load goes first that takes less time, whichever tenant floods', () => {
    const line = new Line();
    for (const model of ['x1', 'x2', 'x3']) line.add(model, 20).ask(model, { tenant: 'flood', times: 50 });
    line.add('quiet', 30).ask('quiet', { tenant: 'quiet' });
    expect(line.order()).toEqual(['x1', 'quiet', 'x2', 'x3']);
  });

  it('the load of a tenant that is owed more goes first', () => {
    const line = new Line().add('flooded', 20).add('dear', 300).owe('quiet', 281);
    line.ask('flooded', { tenant: 'flood', times: 50 }).ask('dear', { tenant: 'quiet' });
    expect(line.order()).toEqual(['dear', 'flooded']);
  });

  it('tenants that wait for the same load pay for it together', () => {
    const line = new Line().add('own', 11).add('shared', 20);
    line.ask('own', { tenant: 'a', times: 9 }).ask('shared', { tenant: 'b' }).ask('shared', { tenant: 'c' });
    expect(line.order()).toEqual(['shared', 'own']);
  });

  it('a starving load waits for the turn of its tenant: a flood that starves is a flood all the same', () => {
    const line = new Line();
    for (const model of ['x1', 'x2']) line.add(model, 20).ask(model, { tenant: 'flood', waited: 50_000 });
    line.add('quiet', 20).ask('quiet', { tenant: 'quiet' });
    expect(line.order()).toEqual(['x1', 'quiet', 'x2']);
  });

  it('what no request waits for any more goes last', () => {
    const line = new Line().add('w1', 20).wish('w1').add('w2', 1).wish('w2');
    line.add('a1', 20).ask('a1').add('a2', 20).ask('a2');
    expect(line.order()).toEqual(['a1', 'a2', 'w2', 'w1']);
  });
});

describe('before all that', () => {
  it('goes what is of an earlier stage, whatever tenants are owed', () => {
    const line = new Line().add('later', 1).add('earlier', 99, { stage: -1 });
    line.ask('later', { times: 99, waited: 99_000 }).owe('a', 3_600);
    expect(line.order()).toEqual(['earlier', 'later']);
  });

  it('goes, of one stage, what the operator wants, whatever requests wait for', () => {
    const line = new Line().add('asked', 1).add('kept', 99, { isDue: true });
    expect(line.ask('asked', { times: 99 }).order()).toEqual(['kept', 'asked']);
  });
});
