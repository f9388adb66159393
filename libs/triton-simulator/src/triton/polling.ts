import { isConfig } from './config-form.js';
import { isModified, NEVER } from './file-times.js';
import type { FileTimes } from './file-times.js';
import type { KnownModel } from './known-models.js';
import { isOfAnother, parseOverride, servingConfig } from './model-config.js';
import type { ServingConfig } from './model-config.js';
import { readyRows } from './process-state.js';
import type { ProcessState } from './process-state.js';
import type { Directory } from './repository.js';

/** A load as it was ordered. */
export interface LoadOrder {
  readonly name: string;
  /** The `config` parameter. */
  readonly override?: string | undefined;
  /** The model as `file:` parameters brought it, in place of the one on disk. */
  readonly files?: Directory | undefined;
}

/** What reading one directory came to. */
type Read =
  | { readonly kind: 'new'; readonly model: KnownModel }
  | { readonly kind: 'unmodified'; readonly model: KnownModel }
  | { readonly kind: 'failed'; readonly model: KnownModel | undefined };

/** What a load has read. */
interface Polled {
  /** False where a directory could not be read: the others are taken in all the same. */
  readonly isComplete: boolean;
  /** The models whose standing the load may change for good. */
  readonly affected: readonly string[];
}

/** Reads the directory of a model and, for an ensemble, those of its steps, and takes in what is new. */
export function poll(process: ProcessState, order: LoadOrder): Polled {
  const found: KnownModel[] = [];
  const unmodified: string[] = [];
  const seen = new Set<string>();
  let isComplete = true;
  for (let orders = [order]; orders.length > 0;) {
    const reads = orders.map((one) => read(process, one, one === order));
    for (const { name } of orders) seen.add(name);
    for (const { kind, model } of reads) {
      if (kind === 'new') {
        found.push(model);
        if (model.name !== order.name && isServing(process, model.name))
          process.onUntold({ kind: 'step read anew', step: model.name });
      } else if (model !== undefined) unmodified.push(model.name);
    }
    isComplete &&= reads.every(({ kind }) => kind !== 'failed');
    const steps = new Set(reads.flatMap(({ model }) => model?.config.steps ?? []));
    orders = [...steps].filter((step) => !seen.has(step)).map((name) => ({ name }));
  }
  return { isComplete, affected: [...process.known.put(found), ...unmodified] };
}

const isServing = ({ lives }: ProcessState, name: string): boolean => readyRows(lives.get(name)).length > 0;

function read(process: ProcessState, order: LoadOrder, isExplicit: boolean): Read {
  const known = process.known.get(order.name);
  const directory = order.files ?? process.repository.poll(order.name);
  if (directory === undefined) return { kind: 'failed', model: undefined };
  const { override } = order;
  if (known !== undefined && override === undefined && !isModified(known.seen, directory.times)) {
    return { kind: 'unmodified', model: known };
  }
  const config = readConfig(order, directory);
  if (config === undefined) return { kind: 'failed', model: known };
  const { repository } = process;
  const seen = timesOf(order, directory, () => repository.nextMoment());
  const before = known ?? stranger;
  return {
    kind: 'new',
    model: {
      name: order.name,
      model: directory.model,
      config,
      isSent: order.files !== undefined,
      seen,
      before: before.seen,
      isExplicit: isExplicit || before.isExplicit,
      standing: { ...before.standing, isChecked: false, problem: undefined },
    },
  };
}

/** What is known of a model before it was ever read. */
const stranger: Pick<KnownModel, 'seen' | 'isExplicit' | 'standing'> = {
  seen: NEVER,
  isExplicit: false,
  standing: { isChecked: false, problem: undefined, loadedVersions: [] },
};

/** A config that was sent counts as written now, so that it stays until something on disk is newer. */
function timesOf({ override, files }: LoadOrder, { times }: Directory, now: () => number): FileTimes {
  return override === undefined || files !== undefined ? times : { ...times, config: now() };
}

function readConfig({ name, override }: LoadOrder, { model }: Directory): ServingConfig | undefined {
  if (override === undefined)
    return isOfAnother(name, model.config) || !isConfig(model.config)
      ? undefined
      : servingConfig(name, model.config, model);
  return parseOverride(name, override, model);
}
