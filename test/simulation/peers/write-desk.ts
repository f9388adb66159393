import { ANONYMOUS } from '#access';
import type { Event, Model, ServerId } from '#core';
import type { Engine, DeclarationChange } from '#engine';
import type { Store } from '#store';
import { Audit } from '../../../apps/scheduler/src/admin/audit/audit.js';
import { Lifecycle } from '../../../apps/scheduler/src/transport/lifecycle.js';
import {
  IdempotencyKeys,
  type Operation,
} from '../../../apps/scheduler/src/admin/idempotency/idempotency-keys.js';
import { type Prepared, type Written, Writes } from '../../../apps/scheduler/src/admin/idempotency/writes.js';

/** What an admin asks for, under an Idempotency-Key of its own: a change of a model, or a drain that begins or ends. */
export interface AdminWrite {
  readonly key: string;
  readonly kind: 'model' | 'drain' | 'undrain';
  /** Of the model or the server. */
  readonly name: string;
}

/** What is declared of a thing, and by which writes. */
interface Declared {
  readonly revision: number;
  readonly keys: readonly string[];
  readonly isDraining: boolean;
}

const NOTHING: Declared = { revision: 0, keys: [], isDraining: false };

/** What the desk of a term is made of. */
interface WriteDeskParts {
  readonly store: Store;
  readonly engine: Engine;
  readonly models: readonly Model[];
  readonly wallNow: () => number;
}

/** Takes the writes of admins for one term: the product's writes, answers and audit, on the store of its term. */
export class WriteDesk {
  private constructor(
    private readonly parts: WriteDeskParts,
    private readonly lifecycle: Lifecycle,
    private readonly writes: Writes,
    /** By the name of the model or the server. */
    readonly declared: Map<string, Declared>,
  ) {}

  /** Rejects as the store does. */
  static async open(parts: WriteDeskParts): Promise<WriteDesk> {
    const { wallNow } = parts;
    const { declarations: store } = parts.store;
    const told = await store.read();
    const audit = new Audit({ store, wallNow });
    await audit.head('admins');
    const books = { idempotencyKeys: new IdempotencyKeys({ store, given: told.answers, wallNow }), audit };
    const lifecycle = new Lifecycle();
    const declared = [...told.models, ...told.servers].map(([name, value]): [string, Declared] => {
      const keys = value.spec?.['keys'] as readonly string[];
      return [name, { revision: value.revision, keys, isDraining: 'drain' in value && value.drain !== null }];
    });
    return new WriteDesk(parts, lifecycle, new Writes(store, books, lifecycle), new Map(declared));
  }

  /** What the engine is told of it as a term begins. */
  events(): readonly Event[] {
    const drained = [...this.declared].filter(([, { isDraining }]) => isDraining);
    return [
      ...this.parts.models.map(({ id }) => this.declaration(id)),
      ...drained.map(([id]): Event => ({ kind: 'DrainOrdered', server: id as ServerId, deadline: null })),
    ];
  }

  /** Rejects with `Refused` where this term takes no writes any more, and as the store does. */
  perform(write: AdminWrite): Promise<Written<null>> {
    return this.writes.perform(operationOf(write), () => this.prepared(write));
  }

  end(): void {
    this.lifecycle.end('no_leader');
  }

  private prepared(write: AdminWrite): Prepared<null> {
    const { kind, name, key } = write;
    const before = this.declared.get(name) ?? NOTHING;
    const after: Declared = {
      revision: before.revision + 1,
      keys: [...before.keys, key],
      isDraining: kind === 'drain',
    };
    return {
      changes: [changeOf(write, after)],
      status: 200,
      view: () => null,
      commit: () => {
        this.declared.set(name, after);
        this.parts.engine.tell(this.effectOf(write));
      },
    };
  }

  private effectOf({ kind, name }: AdminWrite): Event {
    if (kind === 'model') return this.declaration(name);
    const server = name as ServerId;
    return kind === 'drain'
      ? { kind: 'DrainOrdered', server, deadline: null }
      : { kind: 'DrainEnded', server };
  }

  /** Each write has a model stay idle for a second longer. */
  private declaration(name: string): Event {
    const model = this.parts.models.find(({ id }) => id === name)!;
    const idleUnload = (model.idleUnload ?? 0) + 1_000 * (this.declared.get(name) ?? NOTHING).revision;
    return { kind: 'ModelDeclared', model: { ...model, idleUnload } };
  }
}

function changeOf({ kind, name }: AdminWrite, { revision, keys, isDraining }: Declared): DeclarationChange {
  const spec = { keys };
  if (kind === 'model') return { kind: 'model', name, value: { revision, spec } };
  return {
    kind: 'server',
    id: name,
    value: { revision, spec, drain: isDraining ? { deadline: null } : null },
  };
}

const operationOf = ({ kind, name, key }: AdminWrite): Operation<null> => ({
  method: 'PUT',
  path: `/v1/${kind}/${name}`,
  body: null,
  caller: { ...ANONYMOUS, idempotencyKey: key, ifMatch: null },
  present: () => null,
});
