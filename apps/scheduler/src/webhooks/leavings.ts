import { type Fleet, type Instant, type Server, serverState } from '#core';
import type { ToldChange, ToldServer } from '#engine';
import type { Registry } from '../fleet/registry.js';
import type { HeardHooks } from './heard-hooks.js';

/** How far a leaving has come. */
interface Leaving {
  readonly deadline: string | null;
  /** The process of Triton that was seen last. */
  readonly incarnation: number;
  /** Whether no process listened when it was tried last. */
  readonly isDown: boolean;
  readonly isCarriedOut: boolean;
  readonly isOver: boolean;
}

/** What the leavings are made of. */
export interface LeavingsParts {
  readonly registry: Registry;
  readonly hooks: HeardHooks;
  readonly now: () => Instant;
  readonly hasPassed: (time: string) => boolean;
  /** Hears of each server of which nothing that webhooks said holds any more. */
  readonly ended: (id: string) => void;
}

/**
 * Ends what webhooks said of the end of a server. A leaving that was carried out (the server was drained, or the deadline has
 * passed) is over with the next process of Triton; one that was not holds. All that was said of a server is over once it is
 * forgotten: one that DNS or the file names again is another one.
 */
export class Leavings {
  private readonly leavings = new Map<string, Leaving>();
  private readonly forgotten = new Set<string>();

  constructor(private readonly parts: LeavingsParts) {}

  forget(id: string): void {
    this.forgotten.add(id);
  }

  /** The changes that bring the store in line with the fleet. */
  changes(fleet: Readonly<Fleet>): readonly ToldChange[] {
    for (const id of this.leavings.keys()) if (!fleet.servers.has(id as never)) this.leavings.delete(id);
    const left = [...this.forgotten].flatMap((id) => this.ending(id));
    return [...left, ...[...fleet.servers].flatMap(([id, server]) => this.changesOf(fleet, id, server))];
  }

  /** Takes effect, once it is stored. */
  follow(changes: readonly ToldChange[]): void {
    this.parts.hooks.follow(changes);
    for (const change of changes) {
      if (change.kind !== 'server') continue;
      this.parts.registry.set(change.id, change.value);
      this.forgotten.delete(change.id);
      if (change.value?.end === undefined) this.parts.ended(change.id);
    }
  }

  private changesOf(fleet: Readonly<Fleet>, id: string, server: Server): readonly ToldChange[] {
    const told = this.parts.registry.toldOf(id);
    if (told?.end?.said !== 'leaving') {
      this.leavings.delete(id);
      return [];
    }
    const leaving = this.seen(fleet, id, server, told.end);
    this.leavings.set(id, leaving);
    if (leaving.isOver) return this.ending(id);
    if (!leaving.isCarriedOut || told.end.isCarriedOut) return [];
    const value = { ...told, revision: told.revision + 1, end: { ...told.end, isCarriedOut: true } as const };
    return [{ kind: 'server', id, value }];
  }

  private seen(
    fleet: Readonly<Fleet>,
    id: string,
    server: Server,
    { deadline, isCarriedOut: isStored }: Extract<ToldServer['end'], { readonly said: 'leaving' }>,
  ): Leaving {
    const known = this.leavings.get(id);
    const before = known?.deadline === deadline ? known : undefined;
    const { incarnation, refused: isDown } = server;
    const { incarnation: last = incarnation, isDown: wasDown = false } = before ?? {};
    const isNext = incarnation > last && (last > 0 || wasDown);
    const isDue = deadline !== null && this.parts.hasPassed(deadline);
    const wasCarriedOut = (before?.isCarriedOut ?? isStored === true) || isDue;
    const isDrained = !isNext && serverState(fleet, server, this.parts.now()) === 'drained';
    return {
      ...{ deadline, incarnation, isDown },
      isCarriedOut: wasCarriedOut || isDrained,
      isOver: before?.isOver === true || (isNext && wasCarriedOut),
    };
  }

  /** The same said again is no repeat after that. */
  private ending(id: string): readonly ToldChange[] {
    const told = this.parts.registry.toldOf(id);
    if (told?.end === undefined && (told?.saidAt === undefined || !this.forgotten.has(id))) {
      this.forgotten.delete(id);
      return [];
    }
    const { end: _, saidAt, ...others } = told;
    const isKept = saidAt !== undefined && !this.forgotten.has(id);
    const value = { ...others, ...(isKept && { saidAt }), revision: told.revision + 1 };
    return [{ kind: 'server', id, value }, ...this.parts.hooks.withoutWord(id)];
  }
}
