import { Now } from '#core';
import { type Fleet, type Instant, type Server, serverState } from '#core';
import type { DeclarationChange, DeclaredServer } from '#engine';
import type { Registry, ServerEntry } from '../../admin/servers/registry.js';
import type { ConnectionErrors } from '../../admin/servers/connection-errors.js';
import type { WallTimes } from '../../transport/wall-times.js';
import type { WebhookDeduplicator } from './webhook-deduplicator.js';

type Leaving = Extract<DeclaredServer['end'], { readonly said: 'leaving' }>;

/** What the leavings are made of. */
export interface LeavingsParts {
  readonly registry: Registry;
  readonly deduplicator: WebhookDeduplicator;
  readonly times: Pick<WallTimes, 'hasPassed'>;
  readonly now: () => Instant;
  /** What keeps servers from being reached: one that is reached after it is another process. */
  readonly connectionErrors: Pick<ConnectionErrors, 'of'>;
  /** Has the engine follow what is said of a server by now. */
  readonly tell: (entry: ServerEntry) => void;
}

/**
 * Ends what webhooks said of the end of a server. A leaving that was carried out (the server was drained, or the deadline has
 * passed) is over with the next process of Triton; one that was not holds. All that was said of a server is over once it is
 * forgotten: one that DNS or the file names again is another one.
 */
export class Leavings {
  /** The process in which each leaving was found carried out, or 0 where none was there. */
  private readonly doneIn = new Map<string, number>();
  private readonly forgotten = new Set<string>();

  constructor(private readonly parts: LeavingsParts) {}

  forget(id: string): void {
    this.forgotten.add(id);
  }

  /** The changes that bring the store in line with the fleet. */
  changes(fleet: Readonly<Fleet>): readonly DeclarationChange[] {
    for (const id of this.doneIn.keys()) if (!fleet.servers.has(id as never)) this.doneIn.delete(id);
    const left = [...this.forgotten].flatMap((id) => this.ending(id));
    return [...left, ...[...fleet.servers].flatMap(([id, server]) => this.changesOf(fleet, id, server))];
  }

  /** Takes effect, once it is stored. */
  follow(changes: readonly DeclarationChange[]): void {
    this.parts.deduplicator.follow(changes);
    for (const change of changes) {
      if (change.kind !== 'server') continue;
      this.parts.registry.set(change.id, change.value);
      this.forgotten.delete(change.id);
      const entry = this.parts.registry.get(change.id);
      if (entry && entry.told?.end === undefined) this.parts.tell(entry);
    }
  }

  private changesOf(fleet: Readonly<Fleet>, id: string, server: Server): readonly DeclarationChange[] {
    const told = this.parts.registry.toldOf(id);
    if (told?.end?.said === 'leaving') {
      const isDrained = serverState(fleet, server, new Now(this.parts.now())) === 'drained';
      if (isDrained || this.isCarriedOut(told.end)) return this.carriedOut(id, server, told, isDrained);
    }
    this.doneIn.delete(id);
    return [];
  }

  private carriedOut(
    id: string,
    { incarnation, refused }: Server,
    told: DeclaredServer,
    isDrained: boolean,
  ): readonly DeclarationChange[] {
    const end = told.end as Leaving;
    const isDown = refused || this.parts.connectionErrors.of(id) !== null;
    if (!this.doneIn.has(id) && (incarnation > 0 || isDown)) this.doneIn.set(id, incarnation);
    if (incarnation > (this.doneIn.get(id) ?? Infinity)) return this.ending(id);
    if (!isDrained || end.isCarriedOut) return [];
    const value = { ...told, revision: told.revision + 1, end: { ...end, isCarriedOut: true } as const };
    return [{ kind: 'server', id, value }];
  }

  private isCarriedOut({ deadline, isCarriedOut }: Leaving): boolean {
    return isCarriedOut === true || (deadline !== null && this.parts.times.hasPassed(deadline));
  }

  /** The same said again is no repeat after that, unless its `timestamp` tells it from what is said of the next process. */
  private ending(id: string): readonly DeclarationChange[] {
    const told = this.parts.registry.toldOf(id);
    if (told?.end === undefined && (told?.saidAt === undefined || !this.forgotten.has(id))) {
      this.forgotten.delete(id);
      return [];
    }
    const { end: _, saidAt, ...others } = told;
    const isKept = saidAt !== undefined && !this.forgotten.has(id);
    const value = { ...others, ...(isKept && { saidAt }), revision: told.revision + 1 };
    return [{ kind: 'server', id, value }, ...(isKept ? [] : this.parts.deduplicator.withoutWord(id))];
  }
}
