import { modelFindings } from './agreement.js';
import { effectiveModel } from './effective-model.js';
import { check, findings, refuse, type Checked, type Finding } from './errors.js';
import { mergePatch } from './merge-patch.js';
import { isJson, MAX_DEPTH, modelSpecSchema, type ModelSettings, type ModelSpec } from './model-spec.js';

/** The layer below the API's, which a declaration is checked together with. */
export type LayerBelow = { readonly defaults: ModelSettings; readonly fileSpec: ModelSpec | undefined };

/** Checks what a PUT declares for a model, alone and together with what the file says. */
export function readModelSpec(name: string, body: unknown, below: LayerBelow): Checked<ModelSpec> {
  const checked = check(modelSpecSchema, body);
  if (!checked.ok) return refuse([...findings(modelSpecSchema, body), ...modelFindings(name, body, [])]);
  const effective = effectiveModel(below.defaults, below.fileSpec, checked.value);
  const found = modelFindings(name, effective, []);
  return found.length > 0 ? refuse(found) : checked;
}

/** Checks a PATCH (JSON Merge Patch) and hands back the whole new API layer; null takes a key out of it. */
export function patchModelSpec(
  name: string,
  current: ModelSpec,
  patch: unknown,
  below: LayerBelow,
): Checked<ModelSpec> {
  if (!isJson(patch, MAX_DEPTH))
    return refuse([{ at: [], rule: `must be JSON, nested at most ${MAX_DEPTH} deep` }]);
  const unknown = unknownKeys(patch);
  const merged = readModelSpec(name, mergePatch(current, patch), below);
  if (unknown.length === 0) return merged;
  const others = merged.ok ? [] : findings(modelSpecSchema, mergePatch(current, patch));
  return refuse([...unknown, ...others]);
}

/** Keys that are taken out and were never known: a slip that merging would swallow. */
function unknownKeys(patch: unknown): Finding[] {
  return findings(modelSpecSchema, patch).filter(({ rule }) => rule === 'is not a known key');
}
