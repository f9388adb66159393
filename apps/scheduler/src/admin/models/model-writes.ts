import { Inject, Injectable } from '@nestjs/common';
import {
  type Checked,
  type ConfigError,
  type ModelLayer,
  type ModelSpec,
  patchModelSpec,
  readModelSpec,
  readPin,
} from '#config';
import type { Event, ModelId } from '#core';
import { Engine, type DeclarationChange, type DeclaredModel } from '#engine';
import type { ModelMessage } from '#contracts';
import { invalid, Refused } from '../../transport/errors/refused.js';
import { WallTimes } from '../../transport/wall-times.js';
import type { Operation } from '../idempotency/idempotency-keys.js';
import { type Caller, checkIfMatch, checkPut } from '../../transport/access/caller.js';
import { type Prepared, type Written, Writes } from '../idempotency/writes.js';
import { Catalog } from './catalog.js';
import { coreModel } from './core-model.js';
import { type Entry, isDeclared } from './layers.js';
import { ModelList, unknownModel } from './model-list.js';
import { modelView } from './model-view.js';
import { ModelRules } from './model-rules.js';

/** Declares, changes and withdraws models and their pins. */
@Injectable()
export class ModelWrites {
  constructor(
    @Inject(Catalog) private readonly catalog: Catalog,
    @Inject(Engine) private readonly engine: Engine,
    @Inject(ModelList) private readonly models: ModelList,
    @Inject(ModelRules) private readonly rules: ModelRules,
    @Inject(WallTimes) private readonly times: WallTimes,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  /** Replaces what the API said of the model. A pin that was set apart stays, unless the body says otherwise. */
  put(name: string, body: unknown, caller: Caller): Promise<Written<ModelMessage>> {
    const { catalog, engine, models, writes } = this;
    const operation = { method: 'PUT', path: pathOf(name), body, caller, present: () => models.get(name) };
    return writes.perform(operation, () => {
      const entry = catalog.entry(name);
      const isNew = entry.told?.spec == null;
      const isThere = isDeclared(entry) || engine.fleet.models.has(name as ModelId);
      checkPut(caller, isThere ? entry.revision : null, isNew);
      const pin = apartPin(entry.told, body);
      const spec = accepted(readModelSpec(name, body, beside(entry, pin)));
      return this.prepared(entry, told(entry, spec, pin), isNew ? 201 : 200);
    });
  }

  /** JSON Merge Patch on the API's layer: null takes a key back to the layer below. */
  patch(name: string, body: unknown, caller: Caller): Promise<Written<ModelMessage>> {
    return this.change(name, { method: 'PATCH', path: pathOf(name), body, caller }, (entry) => {
      const pin = apartPin(entry.told, body);
      const current = (entry.told?.spec ?? {}) as ModelSpec;
      return told(entry, accepted(patchModelSpec(name, current, body, beside(entry, pin))), pin);
    });
  }

  /** Takes back all that the API said, the pin too. */
  remove(name: string, caller: Caller): Promise<Written<null>> {
    const operation = { method: 'DELETE', path: pathOf(name), body: null, caller, present: () => null };
    return this.writes.perform(operation, () => {
      const entry = this.models.entry(name);
      checkIfMatch(caller, entry.revision);
      if (!isDeclared({ file: undefined, told: entry.told })) throw nothingToRemove(entry);
      return { ...this.prepared(entry, told(entry, null, undefined), 204), view: () => null };
    });
  }

  /** Keeps copies resident. Answers at once; loading follows. */
  pin(name: string, body: unknown, caller: Caller): Promise<Written<ModelMessage>> {
    const asked = { method: 'PUT', path: `${pathOf(name)}/pin`, body, caller };
    return this.change(name, asked, (entry) => {
      const { copies, until = null } = accepted(readPin(body, entry.effective.copies.max));
      if (until !== null && this.times.hasPassed(until)) {
        throw invalid([{ path: 'until', rule: 'must be in the future' }]);
      }
      if (!entry.effective.enabled) throw disabled(name);
      return pinnedBy(entry, { copies, until });
    });
  }

  unpin(name: string, caller: Caller): Promise<Written<ModelMessage>> {
    const asked = { method: 'DELETE', path: `${pathOf(name)}/pin`, body: null, caller };
    return this.change(name, asked, unpinned);
  }

  /** Takes back all that the API said of these models, as no caller asked. Rejects where the store fails. */
  forget(names: readonly string[]): Promise<void> {
    const { catalog, engine, times, writes } = this;
    const forgotten = (): DeclarationChange[] =>
      names.flatMap((name): DeclarationChange[] => {
        const { told } = catalog.entry(name);
        if (told === undefined) return [];
        return [{ kind: 'model', name, value: { revision: told.revision + 1, spec: null } }];
      });
    const follow = (changes: readonly DeclarationChange[]): void => {
      for (const change of changes) {
        if (change.kind !== 'model') continue;
        catalog.set(change.name, change.value!);
        engine.tell(declaration(catalog.entry(change.name), times));
      }
    };
    return writes.follow({ follow }, forgotten);
  }

  /** A write to a model that exists. */
  private change(
    name: string,
    asked: Omit<Operation, 'present'>,
    nextOf: (entry: Entry) => DeclaredModel,
  ): Promise<Written<ModelMessage>> {
    const { models, writes } = this;
    return writes.perform({ ...asked, present: () => models.get(name) }, () => {
      const entry = models.entry(name);
      checkIfMatch(asked.caller, entry.revision);
      return this.prepared(entry, nextOf(entry), 200);
    });
  }

  private prepared(before: Entry, next: DeclaredModel, status: number): Prepared<ModelMessage> {
    const { name } = before;
    const { catalog, engine, models, times } = this;
    const broken = tooLong(next);
    if (broken.length > 0) throw invalid(broken);
    const after = catalog.entryWith(name, next);
    this.rules.check([{ before, after }], () => 'dependsOn');
    return {
      changes: [{ kind: 'model', name, value: next }],
      status,
      view: () => modelView(after, models.scene),
      commit: () => {
        catalog.set(name, next);
        engine.tell(declaration(after, times));
      },
    };
  }
}

/** What the engine is told of an entry. */
export function declaration(entry: Entry, times: WallTimes): Event {
  return isDeclared(entry)
    ? { kind: 'ModelDeclared', model: coreModel(entry, times) }
    : { kind: 'ModelWithdrawn', model: entry.name as ModelId };
}

export const disabled = (name: string): Refused =>
  new Refused({
    reason: 'disabled',
    detail: `${name} is declared with enabled: false`,
    members: { model: name },
  });

const pathOf = (name: string): string => `/v1/models/${name}`;
/** What is stored of a model once it has no pin, whatever a layer below says. */
function unpinned(entry: Entry): DeclaredModel {
  const below = entry.told?.spec?.['pin'] ?? entry.file?.pin;
  return told(entry, specOf(entry), below === undefined ? undefined : null);
}

/** The same once it has a pin that was set apart. */
export const pinnedBy = (entry: Entry, pin: DeclaredModel['pin']): DeclaredModel =>
  told(entry, specOf(entry), pin);

const specOf = ({ told: before }: Entry): ModelSpec | null => before?.spec ?? null;

/** What is stored of a model once this was told of it. */
export function told(before: Entry, spec: ModelSpec | null, pin: DeclaredModel['pin']): DeclaredModel {
  return { revision: before.revision + 1, spec, ...(pin === undefined ? {} : { pin }) };
}

/** The longest spec over the API, as JSON. A message tells it twice, and has to stay below 4 MiB in any encoding. */
const MAX_SPEC = 256 * 2 ** 10;

/** What is broken where the spec of a model has become too long, by a batch or by many patches. */
export function tooLong({ spec }: DeclaredModel): ConfigError[] {
  const isLong = Buffer.byteLength(JSON.stringify(spec)) > MAX_SPEC;
  return isLong ? [{ path: '', rule: 'may have at most 256 KiB, with what it had', line: null }] : [];
}

/** The pin that was set apart from the spec, unless a body now speaks of the pin itself. */
export function apartPin(before: DeclaredModel | undefined, body: unknown): DeclaredModel['pin'] {
  return typeof body === 'object' && body !== null && 'pin' in body ? undefined : before?.pin;
}

/** What else is said of a model, with which what is told over the API has to agree. */
export function beside({ file }: Entry, pin: ModelLayer['pin']) {
  return { fileSpec: file, pin };
}

function accepted<T>(checked: Checked<T>): T {
  if (!checked.ok) throw invalid(checked.errors);
  return checked.value;
}

function nothingToRemove({ name, file }: Entry): Refused {
  if (file === undefined) return unknownModel(name);
  const detail = `${name} is declared in the configuration file; nothing of it was declared over the API`;
  return new Refused({ reason: 'declared_in_file', detail, members: { model: name } });
}
