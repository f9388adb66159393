import { ownNameFindings } from './agreement.js';
import { layerSpecs, type ModelLayer } from './effective-model.js';
import { check, findings, MAX_DEPTH, NO_BODY, refuse, type Checked, type Finding } from './errors.js';
import { mergePatch } from './merge-patch.js';
import { isJson, modelSpecSchema, pinSchema, type ModelSpec, type PinSpec } from './model-spec.js';

/** What is said of the model elsewhere and must agree with the body: by the file, and by a pin of its own. */
export type Beside = {
  readonly fileSpec?: ModelLayer | undefined;
  readonly pin?: ModelLayer['pin'] | undefined;
};

/** Checks what a PUT declares for a model, alone and together with what else is said of it. */
export function readModelSpec(name: string, body: unknown, beside: Beside = {}): Checked<ModelSpec> {
  const checked = check(modelSpecSchema, body);
  const found = checked.ok ? layeredFindings(checked.value, beside) : findings(modelSpecSchema, body);
  const all = [...found, ...ownNameFindings(name, body, [])];
  return all.length > 0 ? refuse(all) : checked;
}

/** Checks a PATCH (JSON Merge Patch) and hands back the whole new API layer; null takes a key out of it. */
export function patchModelSpec(
  name: string,
  current: ModelSpec,
  patch: unknown,
  beside: Beside = {},
): Checked<ModelSpec> {
  if (patch === undefined) return refuse([{ at: [], rule: NO_BODY }]);
  if (!isJson(patch, MAX_DEPTH)) {
    return refuse([{ at: [], rule: `must be JSON, nested at most ${MAX_DEPTH} deep` }]);
  }
  const merged = mergePatch(current, patch);
  const unknown = unknownKeys(patch);
  if (unknown.length === 0) return readModelSpec(name, merged, beside);
  return refuse([...unknown, ...findings(modelSpecSchema, merged), ...ownNameFindings(name, merged, [])]);
}

/** Checks the body of PUT .../pin. `max` is the model's effective `copies.max`. */
export function readPin(body: unknown, max: number | null): Checked<PinSpec> {
  const checked = check(pinSchema, body);
  if (!checked.ok || max === null || checked.value.copies <= max) return checked;
  return refuse([{ at: ['copies'], rule: `must be at most copies.max (${max})` }]);
}

/** What the body breaks only together with the file or with a pin. */
function layeredFindings(body: ModelSpec, { fileSpec, pin }: Beside): Finding[] {
  const layer: ModelLayer = pin === undefined ? body : { ...body, pin };
  return findings(modelSpecSchema, layerSpecs(fileSpec ?? {}, layer));
}

/** Keys that a patch takes out and that were never known: a slip that merging would swallow. */
function unknownKeys(patch: unknown): Finding[] {
  return findings(modelSpecSchema, patch).filter(({ rule }) => rule === 'is not a known key');
}
