import {
  type ColdStart,
  DEFAULT_SETTINGS,
  type ModelSettings,
  type ModelSpec,
  type SettingsSpec,
} from './model-spec.js';

/** What one layer says of a model. A pin of null unpins what a layer below had pinned. */
export type ModelLayer = Omit<ModelSpec, 'pin'> & {
  readonly pin?: { readonly copies: number; readonly until?: string | null } | null;
};

/** All that holds for one model, once the layers are laid over each other. */
export type EffectiveModel = ModelSettings & {
  readonly labels: Readonly<Record<string, string>>;
  readonly pin: { readonly copies: number; readonly until: string | null } | null;
  readonly copies: { readonly min: number; readonly max: number | null };
  readonly dependsOn: readonly string[];
  readonly deviceSets: readonly (readonly number[])[];
  readonly placement: { readonly require: Readonly<Record<string, string>>; readonly spread: string | null };
  readonly config: Readonly<Record<string, unknown>> | null;
};

/** Lays the file's keys over the defaults and the API's over both, field by field. */
export function effectiveModel(
  defaults: ModelSettings,
  fileSpec: ModelLayer = {},
  apiSpec: ModelLayer = {},
): EffectiveModel {
  const spec = layerSpecs(fileSpec, apiSpec);
  const { labels, dependsOn, deviceSets, config } = { ...UNSAID, ...spec };
  return {
    ...applySettings(defaults, spec),
    labels,
    pin: effectivePin(spec),
    copies: { ...UNSAID.copies, ...spec.copies },
    dependsOn,
    deviceSets,
    placement: { ...UNSAID.placement, ...spec.placement },
    config,
  };
}

/** The keys that are set in either layer, the upper one winning; `coldStart`, `copies`, `placement` key by key. */
export function layerSpecs(lower: ModelLayer, upper: ModelLayer): ModelLayer {
  return {
    ...lower,
    ...upper,
    ...nested('coldStart', lower, upper),
    ...nested('copies', lower, upper),
    ...nested('placement', lower, upper),
  };
}

/** Whether memory limits were declared for this very model; a default footprint is only a guess. */
export function declaredLimits(
  fileSpec: ModelLayer = {},
  apiSpec: ModelLayer = {},
): { readonly gpu: boolean; readonly cpu: boolean } {
  const spec = layerSpecs(fileSpec, apiSpec);
  return { gpu: spec.gpuMemoryLimitMb !== undefined, cpu: spec.cpuMemoryLimitMb !== undefined };
}

/** Complete settings: what is set over what was there. */
export function applySettings(under: ModelSettings, set: SettingsSpec): ModelSettings {
  const keys = Object.keys(DEFAULT_SETTINGS) as (keyof ModelSettings)[];
  const plain = Object.fromEntries(keys.map((key) => [key, set[key] === undefined ? under[key] : set[key]]));
  const coldStart: ColdStart = { ...under.coldStart, ...set.coldStart };
  return { ...plain, coldStart } as ModelSettings;
}

const UNSAID = {
  labels: {},
  copies: { min: 0, max: null },
  dependsOn: [],
  deviceSets: [],
  placement: { require: {}, spread: null },
  config: null,
} as const;

function effectivePin({ pin }: ModelLayer): EffectiveModel['pin'] {
  return pin === undefined || pin === null ? null : { copies: pin.copies, until: pin.until ?? null };
}

function nested<K extends 'coldStart' | 'copies' | 'placement'>(
  key: K,
  lower: ModelLayer,
  upper: ModelLayer,
) {
  if (lower[key] === undefined && upper[key] === undefined) return {};
  return { [key]: { ...lower[key], ...upper[key] } };
}
