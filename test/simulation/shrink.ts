import { ddmin, type Tries } from './ddmin.js';
import type { Plan } from './plan.js';
import type { Played } from './play.js';
import { kindOfFailure } from './shrink-kind.js';
import { type Edit, simplerFields, simplerTimes } from './shrink-edits.js';

/** How a plan went, as far as shrinking asks. */
export type Outcome = Pick<Played, 'failure' | 'failedAt'>;

export interface Shrunk {
  readonly plan: Plan;
  /** What the shrunk plan breaks, in the words of its own run. */
  readonly failure: string;
  readonly tries: number;
}

export interface ShrinkOptions {
  readonly playIt: (plan: Plan) => Promise<Outcome>;
  readonly tries: Tries;
}

/**
 * Reduces a failing plan to one that can be read and still fails in the same way: what comes after the failure goes
 * first, then whole kinds of happenings, servers and models, then single happenings, then what is special about the rest.
 */
export async function shrink(plan: Plan, failed: Outcome, options: ShrinkOptions): Promise<Shrunk> {
  const search = new Search(plan, failed, options);
  await search.endEarlier();
  await search.leaveOut('happenings', (one) => one.kind);
  await search.leaveOut('models', (one) => one.model.id);
  await search.leaveOut('servers', (one) => one.spec.id);
  await search.endEarlier();
  await search.leaveOut('happenings');
  await search.leaveOut('models', (one) => one.model.id);
  await search.leaveOut('servers', (one) => one.spec.id);
  await search.endEarlier();
  await search.simplify(simplerFields(search.plan));
  await search.simplify(simplerTimes(search.plan));
  await search.leaveOut('happenings');
  return { plan: search.plan, failure: search.failure, tries: options.tries.used };
}

/** After its last happening a storm need not last longer than this. */
const BREATH = 1;

/** The smallest plan found so far, and how it fails. */
class Search {
  plan: Plan;
  failure: string;
  private failedAt: number;
  private readonly kind: string;

  constructor(
    plan: Plan,
    { failure, failedAt }: Outcome,
    private readonly options: ShrinkOptions,
  ) {
    this.plan = plan;
    this.failure = failure!;
    this.failedAt = failedAt!;
    this.kind = kindOfFailure(failure!);
  }

  /** Nothing that comes after the failure can have led to it; nor, often, has the rest of the storm. */
  async endEarlier(): Promise<void> {
    const { plan, failedAt } = this;
    const led = plan.happenings.filter(({ at }) => at <= failedAt);
    const storm = Math.min(plan.storm, Math.ceil(failedAt) + BREATH);
    await this.tries({ ...plan, storm, atLeast: Math.min(plan.atLeast, storm), happenings: led });
    const last = Math.ceil(this.plan.happenings.at(-1)?.at ?? 0) + BREATH;
    if (last < this.plan.storm) await this.tries({ ...this.plan, storm: last, atLeast: last });
  }

  /** Leaves out of a list what can be done without: one by one, or all together that have the same name. */
  async leaveOut<Key extends 'happenings' | 'models' | 'servers'>(
    key: Key,
    nameOf?: (one: Plan[Key][number]) => string,
  ): Promise<void> {
    const all = this.plan[key] as readonly Plan[Key][number][];
    const names = nameOf ? [...new Set(all.map(nameOf))] : all;
    const isLeft = (left: readonly unknown[]) => (one: Plan[Key][number]) =>
      left.includes(nameOf ? nameOf(one) : one);
    const shows = (left: readonly unknown[]): Promise<boolean> => {
      if (key === 'servers' && left.length === 0) return Promise.resolve(false);
      return this.shows({ ...this.plan, [key]: all.filter(isLeft(left)) });
    };
    await ddmin<unknown>(names, shows, this.options.tries);
  }

  /** Makes as many edits as go together. */
  async simplify(edits: readonly Edit[]): Promise<void> {
    const { plan } = this;
    const shows = (leftOut: readonly Edit[]): Promise<boolean> =>
      this.shows(edits.filter((edit) => !leftOut.includes(edit)).reduce((so, edit) => edit(so), plan));
    if (edits.length > 0) await ddmin(edits, shows, this.options.tries);
  }

  private async tries(plan: Plan): Promise<void> {
    if (this.options.tries.take()) await this.shows(plan);
  }

  /** Takes over what still fails in the same way. */
  private async shows(plan: Plan): Promise<boolean> {
    const { failure, failedAt } = await this.options.playIt(plan);
    if (failure === undefined || kindOfFailure(failure) !== this.kind) return false;
    this.plan = plan;
    this.failure = failure;
    this.failedAt = failedAt!;
    return true;
  }
}
