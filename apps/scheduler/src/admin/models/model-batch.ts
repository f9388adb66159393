import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Checked, check, modelSpecSchema, nameSchema, readModelSpec, underPath } from '#config';
import type { BatchMessage } from '#contracts';
import { Engine, type DeclaredModel } from '#engine';
import { type BrokenRule, invalid } from '../../transport/errors/refused.js';
import { WallTimes } from '../../transport/wall-times.js';
import { type Caller, checkNoIfMatch } from '../../transport/access/caller.js';
import type { FirstAnswer } from '../idempotency/idempotency-keys.js';
import { type Prepared, type Written, Writes } from '../idempotency/writes.js';
import { Catalog } from './catalog.js';
import type { Entry } from './layers.js';
import { apartPin, beside, declaration, told, tooLong } from './model-writes.js';
import { type EntryChange, ModelRules } from './model-rules.js';

const MAX_MODELS = 1_000;
const SIZE_RULE = `must have 1 to ${MAX_MODELS} models`;

const batchOf = <Spec extends z.ZodType>(spec: Spec) =>
  z.strictObject({
    models: z
      .record(nameSchema, spec)
      .meta({ description: 'What is declared, by name.', minProperties: 1, maxProperties: MAX_MODELS }),
  });

/** What a batch declares, as it is published. */
export const publishedBatchSchema = batchOf(modelSpecSchema);

/** The specs are checked one by one: each with what else is said of its model. */
const batchSchema = batchOf(z.unknown()).refine(
  ({ models }) => Object.keys(models).length >= 1 && Object.keys(models).length <= MAX_MODELS,
  { error: SIZE_RULE, path: ['models'] },
);

const BATCH_PATH = '/v1/models:batch';

/** What an answer keeps of each model of a batch, in the order of their names. */
const CREATED = '1';
const CHANGED = '0';

/** A model as it is to be, and what is stored of it. */
interface Declared extends EntryChange {
  readonly next: DeclaredModel;
  /** Whether nothing was declared of it over the API before. */
  readonly isNew: boolean;
}

/** Declares many models at once, all or none. Each is replaced, as by a PUT of its own. */
@Injectable()
export class ModelBatch {
  constructor(
    @Inject(Catalog) private readonly catalog: Catalog,
    @Inject(Engine) private readonly engine: Engine,
    @Inject(ModelRules) private readonly rules: ModelRules,
    @Inject(WallTimes) private readonly times: WallTimes,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  declare(body: unknown, caller: Caller): Promise<Written<BatchMessage>> {
    const { catalog, writes } = this;
    const present = ({ state }: FirstAnswer): BatchMessage => toldAgain(catalog, body, state ?? '');
    return writes.perform({ method: 'POST', path: BATCH_PATH, body, caller, present }, () => {
      checkNoIfMatch(caller);
      const declared = declaredIn(catalog, body);
      this.rules.check(declared, (name) => pathOf(name, 'dependsOn'));
      return this.prepared(declared);
    });
  }

  private prepared(declared: readonly Declared[]): Prepared<BatchMessage> {
    const { catalog, engine, times } = this;
    const inOrder = declared.toSorted((one, other) => (one.after.name < other.after.name ? -1 : 1));
    return {
      told: inOrder.map(({ isNew }) => (isNew ? CREATED : CHANGED)).join(''),
      changes: declared.map(({ after, next }) => ({ kind: 'model', name: after.name, value: next })),
      status: 200,
      view: () => ({
        items: declared.map(({ after, isNew }) => {
          return { name: after.name, revision: String(after.revision), created: isNew };
        }),
      }),
      commit: () => {
        for (const { after, next } of declared) catalog.set(after.name, next);
        engine.tell(...declared.map(({ after }) => declaration(after, times)));
      },
    };
  }
}

/** With so many broken rules no further model is checked: far fewer are told. */
const MANY_BROKEN = 1_000;

/** Every entry is checked, also beside what the batch itself breaks: all mistakes are told at once. */
function declaredIn(catalog: Catalog, body: unknown): readonly Declared[] {
  const checked = check(batchSchema, body);
  let broken: readonly BrokenRule[] = checked.ok ? [] : checked.errors;
  const declared = entriesIn(body).flatMap(([name, spec]): Declared[] => {
    if (broken.length > MANY_BROKEN) return [];
    const before = catalog.entry(name);
    const next = nextOf(before, spec);
    const errors = next.ok ? tooLong(next.value) : next.errors;
    if (!next.ok || errors.length > 0) {
      broken = [...broken, ...underPath(['models', name], errors)];
      return [];
    }
    const after = catalog.entryWith(name, next.value);
    return [{ before, after, next: next.value, isNew: before.told?.spec == null }];
  });
  if (broken.length > 0) throw invalid(broken);
  return declared;
}

/** What a replay shows: of each model its revision now, and whether the batch created it. */
function toldAgain(catalog: Catalog, body: unknown, created: string): BatchMessage {
  const names = entriesIn(body).map(([name]) => name);
  const isNew = new Map(names.toSorted().map((name, nth) => [name, created[nth] === CREATED]));
  const items = names.map((name) => {
    const { revision } = catalog.entry(name);
    return { name, revision: String(revision), created: isNew.get(name) === true };
  });
  return { items };
}

/** What a batch says of each model; nothing where it is none, or too large a one. */
function entriesIn(body: unknown): [string, unknown][] {
  const models = (body as { models?: unknown } | undefined | null)?.models;
  const isMapping = typeof models === 'object' && models !== null && !Array.isArray(models);
  const entries = isMapping ? Object.entries(models) : [];
  return entries.length <= MAX_MODELS ? entries : [];
}

/** What is stored of a model once its spec is replaced: a pin that was set apart stays, unless the spec speaks of it. */
function nextOf(before: Entry, spec: unknown): Checked<DeclaredModel> {
  const pin = apartPin(before.told, spec);
  const checked = readModelSpec(before.name, spec, beside(before, pin));
  return checked.ok ? { ok: true, value: told(before, checked.value, pin) } : checked;
}

const pathOf = (name: string, key: string): string =>
  underPath(['models', name], [{ path: key, rule: '', line: null }])[0]!.path;
