import {
  declaredLimits,
  effectiveModel,
  type EffectiveModel,
  layerSpecs,
  type ModelLayer,
  type ModelSettings,
  type ModelSpec,
} from '#config';
import type { DeclaredModel } from '#engine';

/** All that was said of one model, layer by layer, and what holds in the end. */
export interface Entry {
  readonly name: string;
  readonly source: 'file' | 'api' | 'discovered';
  readonly revision: number;
  readonly file: ModelSpec | undefined;
  /** What is stored for it; a past without spec and pin counts as nothing. */
  readonly told: DeclaredModel | undefined;
  /** The keys that are set in either layer. */
  readonly spec: ModelLayer;
  readonly effective: EffectiveModel;
  /** Which memory limits were declared for this very model, in either layer. */
  readonly limits: { readonly gpu: boolean; readonly cpu: boolean };
}

/** Whether anything is said of it at all; otherwise it is at most discovered. */
export const isDeclared = ({ file, told }: Pick<Entry, 'file' | 'told'>): boolean =>
  file !== undefined || (told !== undefined && (told.spec !== null || told.pin !== undefined));

/** Lays the API over the file over the defaults, field by field. */
export function layered(
  name: string,
  defaults: ModelSettings,
  file: ModelSpec | undefined,
  told: DeclaredModel | undefined,
): Entry {
  const api = apiLayer(told);
  return {
    name,
    source: file !== undefined ? 'file' : told?.spec != null ? 'api' : 'discovered',
    revision: told?.revision ?? 0,
    file,
    told,
    spec: layerSpecs(file ?? {}, api),
    effective: effectiveModel(defaults, file, api),
    limits: declaredLimits(file, api),
  };
}

/** The API's own layer. A pin that was set apart from the spec lies over the spec's. */
function apiLayer(told: DeclaredModel | undefined): ModelLayer {
  const spec = (told?.spec ?? {}) as ModelSpec;
  return told?.pin === undefined ? spec : { ...spec, pin: told.pin };
}
