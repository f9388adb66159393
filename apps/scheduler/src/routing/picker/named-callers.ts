import type { MaxClass, Principal } from '#access';
import type { Instant, Millis } from '#core';
import type { Asked } from './asked.js';

/** The class of each objective, by its name. */
export type Objectives = Readonly<Record<string, MaxClass>>;

/** Bound of tenants that are named at a time. */
const MAX_TENANTS = 1_000;
/** Those beyond it share one. */
const OTHERS = '_other';
/** A tenant that is not named for so long gives its place to another. */
const FORGOTTEN_AFTER: Millis = 60_000;
const TENANT = /^[^\p{Cc}]{1,256}$/u;
/** The highest first. */
const CLASSES: readonly MaxClass[] = ['critical', 'default', 'sheddable'];

/** What Envoy's clients say of themselves, where the credential of Envoy may pass that on. */
export class NamedCallers {
  /** When each was named last, the latest last. */
  private readonly tenants = new Map<string, Instant>();

  constructor(
    private readonly now: () => Instant,
    private readonly objectives: () => Objectives,
    /** Hears of an objective that the configuration does not name. */
    private readonly onUnknown: () => void,
  ) {}

  /** In whose name a request is resolved. */
  callerOf({ tenant }: Pick<Asked, 'tenant'>, principal: Principal): Principal {
    const isTold = principal.mayName?.includes('tenant') && tenant !== undefined && TENANT.test(tenant);
    return isTold ? { ...principal, tenant: this.known(tenant) } : principal;
  }

  /** The class of a request: that of its objective, as high as the caller may ask; null: the model's own. */
  classOf({ objective }: Pick<Asked, 'objective'>, { mayName, maxClass }: Principal): MaxClass | null {
    if (objective === undefined || !mayName?.includes('class')) return null;
    const asked = this.objectives()[objective];
    if (asked === undefined) this.onUnknown();
    const rank = CLASSES.indexOf(asked!);
    return asked === undefined || maxClass === null
      ? (asked ?? null)
      : CLASSES[Math.max(rank, CLASSES.indexOf(maxClass))]!;
  }

  private known(tenant: string): string {
    const now = this.now();
    const isKnown = this.tenants.delete(tenant);
    for (const [one, at] of this.tenants) {
      if (now - at < FORGOTTEN_AFTER) break;
      this.tenants.delete(one);
    }
    if (!isKnown && this.tenants.size >= MAX_TENANTS) return OTHERS;
    this.tenants.set(tenant, now);
    return tenant;
  }
}
