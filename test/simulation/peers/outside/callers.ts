import type { Millis, ModelId, TenantId } from '#core';
import type { Answer, ResolveQuery } from '#engine';
import { Random } from '../../random.js';
import type { Peer } from '../peer.js';
import type { Scenery } from '../scenery.js';

/** An answer may be so much later than its deadline. */
const LATE = 100;

/** The last long lease ends so long after the storm. */
const LEASED_AFTER: Millis = 40_000;

/** Gateways that ask any peer, and an admin that has models unloaded. */
export class Callers {
  readonly answers = new Map<string, number>();
  isCalm = false;
  private readonly random: Random;

  constructor(
    private readonly scenery: Scenery,
    private readonly peers: ReadonlyMap<string, Peer>,
  ) {
    this.random = new Random(scenery.plan.seed, 'callers');
  }

  callNext(): void {
    const { agenda, plan } = this.scenery;
    agenda.after(this.random.pause(250), () => {
      const peer = this.random.pick([...this.peers.values()]);
      if (peer.isAlive) this.call(peer, this.random.pickEarly(plan.models).model.id);
      this.callNext();
    });
  }

  orderNext(): void {
    this.scenery.agenda.after(this.random.pause(20_000), () => {
      if (!this.isCalm) this.orderUnload();
      this.orderNext();
    });
  }

  /** An answer comes once, and in time, as long as the process runs that was asked. */
  private call(peer: Peer, model: ModelId): void {
    const { agenda, trail } = this.scenery;
    const wait = this.random.spread(500, 40_000);
    const lease = this.drawLease();
    const query: ResolveQuery = {
      ...{ model, version: null, wait, lease, class: null, avoid: [] },
      tenant: 'callers' as TenantId,
      ...(lease > 5_000 && { affinityKey: model }),
    };
    let count = 0;
    const deadline = agenda.now() + wait;
    peer.process.receive(() =>
      peer.resolve(query, deadline, (answer) => this.answered(answer, (count += 1))),
    );
    const check = (): void => {
      if (!peer.isAlive) return;
      const since = peer.process.resumedAt + LATE;
      if (agenda.now() < since) return void agenda.after(since - agenda.now(), check);
      trail.expect(count === 1, () => `${peer.name} gave ${count} answers for ${model} by its deadline`);
    };
    agenda.after(wait + LATE, check);
  }

  /** Long ones are over before all is to be at rest: what is pinned may have to wait for them. */
  private drawLease(): Millis {
    const { agenda, plan } = this.scenery;
    const most = Math.min(600_000, plan.storm + LEASED_AFTER - agenda.now());
    const isLong = this.random.chance(0.06) && most > 10_001;
    return isLong ? this.random.spread(10_001, most) : this.random.spread(500, 10_000);
  }

  private answered(answer: Answer, count: number): void {
    const what = answer.kind === 'route' ? (answer.cold ? 'cold' : 'warm') : answer.refusal.reason;
    this.answers.set(what, (this.answers.get(what) ?? 0) + 1);
    this.scenery.trail.expect(count === 1, () => 'a call was answered twice');
  }

  private orderUnload(): void {
    const { plan, referee } = this.scenery;
    const leader = [...this.peers.values()].find(({ lead }) => lead !== null);
    const { model } = this.random.pick(plan.models.filter((one) => one.model.pinnedCopies === 0));
    const force = this.random.chance(0.5);
    if (!leader?.lead || leader.process.isPaused) return;
    const { engine } = leader.lead;
    if (force) for (const id of engine.fleet.holders.get(model.id) ?? []) referee.forces(id);
    engine.tell({ kind: 'UnloadOrdered', model: model.id, force });
  }
}
