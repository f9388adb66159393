import { Now } from '#core';
import { isDeepStrictEqual } from 'node:util';
import {
  type Fleet,
  type Instant,
  type Millis,
  type ModelId,
  ordersAtOnce,
  type Replica,
  type ServerId,
  serverState,
} from '#core';
import type { Observer } from '#engine';
import type { Berth } from './berth.js';
import { pictureOf } from '../checkers/in-short.js';
import { withNeeds } from '../checkers/needs.js';
import { failsToLoad } from './checkers/hopeless.js';
import { restlessness } from './checkers/rest.js';
import type { Gateways } from './gateways.js';
import { easing } from './make-plan.js';
import type { Plan } from './plan.js';
import type { Site } from './site.js';
import type { Stage } from './stage.js';
import type { Told } from './told.js';

/** Between two looks at whether a fleet is at rest. */
const PATIENCE: Millis = 5_000;
/** For Berth to begin, to connect again, and to look. */
const SETTLING: Millis = 60_000;
/** The longest that core waits after failed loads. */
const MAX_BACK_OFF: Millis = 300_000;

/**
 * How long a fleet has to come to rest once nothing goes wrong any more: what waits is answered, leases and residencies
 * end, copies by demand are let go, loads end or are given up, twice in a row, and what is stuck is given up.
 */
function calmBound({ models, defaults, limits, happenings }: Plan): Millis {
  const settings = [defaults, ...models.map(({ model }) => model)];
  const longest = (of: (one: (typeof settings)[number]) => Millis): Millis => Math.max(...settings.map(of));
  const leases = happenings.map((one) => (one.kind === 'ask' ? one.lease : 0));
  const lease = leases.reduce((most, one) => Math.max(most, one), 0);
  const attempt = longest((one) => one.loadTimeout) + limits.stuckAfter;
  const wait = longest((one) => one.coldStart.maxWait);
  const eased = Math.max(...models.map(({ model }) => easing(model)));
  return SETTLING + wait + lease + eased + longest((one) => one.minResidency) + 2 * attempt + MAX_BACK_OFF;
}

/** The second phase: no requests come, and every promise has to come true. */
export class Calm {
  private isAtRest = false;
  /** How many copies came back because they are pinned or to be kept warm, once there was room. */
  private readonly restored = new Map<ModelId, number>();

  constructor(
    private readonly stage: Stage,
    private readonly gateways: Gateways,
  ) {}

  /**
   * Once at rest, nothing is loaded any more: that would be thrash. What stays stuck or only fails may be tried on and
   * on. What is pinned or to be kept warm comes back, each copy once, when an idle copy or foreign memory makes room
   * for it.
   */
  readonly observer: Observer = {
    turnTaken: ({ actions }, fleet) => {
      if (!this.isAtRest) return;
      for (const action of actions) {
        if (action.kind !== 'load' || this.isReplaced(action) || failsToLoad(fleet, action.model)) continue;
        if (this.restores(fleet, action.model)) continue;
        this.stage.trail.fail(`at rest, and yet ${JSON.stringify(action)}`);
      }
    },
  };

  private restores(fleet: Readonly<Fleet>, model: ModelId): boolean {
    const copies = [...fleet.models.values()]
      .filter(({ id }) => withNeeds(fleet, id).has(model))
      .map(({ minCopies, pinnedCopies }) => Math.max(minCopies, pinnedCopies));
    const restored = (this.restored.get(model) ?? 0) + 1;
    this.restored.set(model, restored);
    return restored <= Math.max(...copies);
  }

  /** Waits for rest, which has to come in time and to last. */
  async comeToRest(passUntil: (moment: Instant) => Promise<void>): Promise<void> {
    const { trail, plan } = this.stage;
    await this.rest(passUntil, plan.storm + calmBound(plan));
    trail.note('at rest');
    this.isAtRest = true;
    await passUntil(plan.atLeast);
    // Something may just be leaving, since it has been idle for long enough. Where its directory is gone no row says
    // that it has left: it stays booked until orders count as stuck.
    const leaves = SETTLING + this.stage.told.limits.stuckAfter;
    await this.rest(passUntil, Math.max(plan.atLeast, this.stage.agenda.now()) + leaves);
  }

  private async rest(passUntil: (moment: Instant) => Promise<void>, latest: Instant): Promise<void> {
    const { agenda, trail, berth } = this.stage;
    for (let open = this.whatIsOpen(); open.length > 0; open = this.whatIsOpen()) {
      await passUntil(agenda.now() + PATIENCE);
      if (agenda.now() < latest) continue;
      const fleet = berth()?.engine.fleet;
      if (fleet) trail.note(pictureOf(fleet));
      trail.fail(`no rest: ${open.join('; ')}`);
    }
  }

  private whatIsOpen(): string[] {
    const berth = this.stage.berth();
    if (!berth || berth.process.isPaused) return ['Berth is not there'];
    const { told } = this.stage;
    const { openRequests } = this.gateways;
    const sites = new Map([...this.stage.sites].filter(([, { id }]) => berth.engine.fleet.servers.has(id)));
    const open = restlessness(berth.engine.fleet, {
      now: this.stage.agenda.now(),
      sites,
      unusedFor: (replica) => this.unusedFor(replica),
      isReplaced: (replica) => this.isReplaced(replica),
      takesNothing: (server) => this.takesNothing(sites.get(server)!),
    });
    open.push(...unheeded(berth, told), ...this.unfinished(told));
    const unnoticed = [...sites.values()].filter(({ id, isGone }) => isGone && !isLost(berth, id));
    open.push(...unnoticed.map(({ id }) => `${id} is gone, and not known to be lost`));
    return openRequests > 0 ? [...open, `${openRequests} requests are unanswered`] : open;
  }

  /** What was ordered is done and forgotten, but where nothing that it is about ever answers. */
  private unfinished({ orders }: Told): string[] {
    const open = [...orders].filter(([name, { load, unload, reload }]) => {
      const model = name as ModelId;
      return load || [...unload, ...reload].some(({ server }) => !this.isReplaced({ model, server }));
    });
    return open.map(([model]) => `orders of ${model} are still in the store`);
  }

  private isReplaced({ model, server }: { model: ModelId; server: string }): boolean {
    const { isGone, stuck } = this.stage.sites.get(server)!;
    return isGone || stuck.has(model);
  }

  private takesNothing({ id, isGone, stuck }: Site): boolean {
    const { fleet } = this.stage.berth()!.engine;
    const isLoading = (phase: Replica['phase']): boolean => phase === 'loading' || phase === 'unknown';
    const loads = [...fleet.replicas.values()].filter(
      ({ server, model, phase }) => server === id && stuck.has(model) && isLoading(phase),
    );
    return isGone || loads.length >= ordersAtOnce(fleet, fleet.servers.get(id)!);
  }

  private unusedFor({ id, server }: Replica): Millis {
    const { agenda, berth, sites, plan } = this.stage;
    const { bornAt, routes } = berth()!;
    const used = Math.max(plan.storm, this.gateways.lastBusyAt, bornAt, sites.get(server)!.bornAt);
    return agenda.now() - Math.max(used, routes.leasedUntil(id));
  }
}

/** What was acknowledged holds, through every crash. */
function unheeded({ engine }: Berth, told: Told): string[] {
  const { models, servers, limits, frozen } = engine.fleet;
  const changed = [...told.models.values()].filter(
    (model) => !isDeepStrictEqual(models.get(model.id), model),
  );
  const draining = [...servers.values()].filter(({ drain }) => drain !== null);
  return [
    ...changed.map(({ id }) => `${id} is not as it was declared`),
    ...draining.map(({ spec }) => `${spec.id} drains, and nobody said so`),
    ...(frozen ? ['it is frozen, and nobody said so'] : []),
    ...(isDeepStrictEqual(limits, told.limits) ? [] : ['the limits are not as they were set']),
    ...(isDeepStrictEqual(new Set(servers.keys()), told.servers)
      ? []
      : ['the servers are not those declared']),
  ];
}

/** Whether Berth knows that a server is lost, or has never met it. */
function isLost({ engine }: Berth, id: ServerId): boolean {
  const { fleet } = engine;
  const server = fleet.servers.get(id)!;
  return server.contact.kind === 'connecting' || serverState(fleet, server, new Now(engine.now())) === 'lost';
}
