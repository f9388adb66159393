import type { ModelSettings, ModelSpec } from '#config';
import type { DeclaredModel } from '#engine';
import { type Entry, isDeclared, layered } from './layers.js';

/** The layers below the API: the file's, or the demo's. */
export interface BaseLayers {
  readonly defaults: ModelSettings;
  readonly models: Readonly<Record<string, ModelSpec>>;
}

/** What is declared of every model, in memory. It only knows; what is written goes through ModelWrites. */
export class Catalog {
  private readonly told: Map<string, DeclaredModel>;
  private readonly entries = new Map<string, Entry>();

  constructor(
    private base: BaseLayers,
    told: ReadonlyMap<string, DeclaredModel>,
  ) {
    this.told = new Map(told);
  }

  /** Takes up another file. */
  setBase(base: BaseLayers): void {
    this.base = base;
    this.entries.clear();
  }

  /** What was told over the API, or nothing where null. */
  set(name: string, told: DeclaredModel): void {
    this.told.set(name, told);
    this.entries.delete(name);
  }

  /** The entry of any name; that of one not declared has defaults only. */
  entry(name: string): Entry {
    const known = this.entries.get(name);
    if (known) return known;
    const entry = this.entryWith(name, this.told.get(name));
    if (isDeclared(entry)) this.entries.set(name, entry);
    return entry;
  }

  /** How the entry would be if this were told. */
  entryWith(name: string, told: DeclaredModel | undefined): Entry {
    return layered(name, this.base.defaults, this.base.models[name], told);
  }

  /** Everything that is declared, in the file or over the API. */
  declared(): Entry[] {
    const names = new Set([...Object.keys(this.base.models), ...this.told.keys()]);
    return [...names].map((name) => this.entry(name)).filter(isDeclared);
  }
}
