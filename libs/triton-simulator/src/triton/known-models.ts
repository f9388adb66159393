import type { FileTimes } from './file-times.js';
import type { ServingConfig } from './model-config.js';
import type { ModelOnDisk } from './simulated-model.js';

/** How a known model stands with the others. */
export interface Standing {
  /** Whether what was read has been acted upon; no longer so where one of its steps was read anew, or has gone. */
  isChecked: boolean;
  /** Why it cannot serve, whatever its files are: a step is not there. */
  problem: string | undefined;
  /** The versions that were READY when a load of it ended. */
  loadedVersions: readonly number[];
}

/** What a process read of a model when it was last ordered to load it: known until it is unloaded, whether it came up or not. */
export interface KnownModel {
  readonly name: string;
  readonly model: ModelOnDisk;
  readonly config: ServingConfig;
  /** Its files came with the order, and are nowhere on disk. */
  readonly isSent: boolean;
  /** The state of its files that was read last; that of the time before where the load has failed. */
  seen: FileTimes;
  readonly before: FileTimes;
  /** Asked for by its own name when it was read, not only as a step of an ensemble. */
  readonly isExplicit: boolean;
  standing: Standing;
}

/** The models a process knows, and which of them are steps of which: what one order makes of others is read off it. */
export class KnownModels {
  private readonly models = new Map<string, KnownModel>();

  get(name: string): KnownModel | undefined {
    return this.models.get(name);
  }

  /** All of them, by name. */
  all(): readonly KnownModel[] {
    return [...this.models.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** The ensembles that have this model as a step. */
  dependents(step: string): readonly KnownModel[] {
    return [...this.models.values()].filter(({ config }) => config.steps.includes(step));
  }

  /** The ensembles that every order acts upon once more, since a step of theirs was read anew: each with its steps. */
  unsettled(): readonly ReadonlySet<string>[] {
    const unsettled = [...this.models.values()].filter(
      ({ config, standing }) => config.steps.length > 0 && !standing.isChecked,
    );
    return unsettled.map(({ name, config }) => new Set([name, ...config.steps]));
  }

  /**
   * Takes in what was read. An ensemble with one of these models as a step is to be acted upon again. Tells the models
   * whose standing an order on these may change for good: an ensemble is among them only where it lacked one of these.
   */
  put(read: readonly KnownModel[]): readonly string[] {
    const added = read.filter(({ name }) => !this.models.has(name));
    const revived = added.flatMap(({ name }) => this.dependents(name));
    for (const { name } of read) this.uncheckDependents(name);
    for (const model of read) this.models.set(model.name, model);
    const affected = new Set([...read, ...revived].map(({ name }) => name));
    for (const name of affected) this.findMissing(name);
    return [...affected];
  }

  /**
   * Forgets a model and, where `withSteps`, each of its steps that no order named and no other ensemble has. Tells the
   * models that it forgot, and those whose standing that changes for good.
   */
  remove(
    name: string,
    withSteps: boolean,
  ): { readonly removed: readonly string[]; readonly affected: readonly string[] } {
    const model = this.models.get(name);
    if (model === undefined) return { removed: [], affected: [] };
    this.uncheckDependents(name);
    this.models.delete(name);
    const dependents = this.dependents(name).map((dependent) => dependent.name);
    for (const dependent of dependents) this.findMissing(dependent);
    const unused = withSteps ? model.config.steps.filter((step) => this.isUnused(step)) : [];
    const more = unused.map((step) => this.remove(step, true));
    return {
      removed: [name, ...more.flatMap(({ removed }) => removed)],
      affected: [...dependents, ...more.flatMap(({ affected }) => affected)],
    };
  }

  private isUnused(step: string): boolean {
    return this.models.get(step)?.isExplicit === false && this.dependents(step).length === 0;
  }

  private uncheckDependents(step: string): void {
    for (const { name, standing } of this.dependents(step)) {
      if (!standing.isChecked) continue;
      standing.isChecked = false;
      standing.problem = undefined;
      this.uncheckDependents(name);
    }
  }

  private findMissing(name: string): void {
    const { config, standing } = this.models.get(name)!;
    const missing = config.steps.find((step) => !this.models.has(step));
    if (missing === undefined || standing.problem !== undefined) return;
    standing.problem = `ensemble ${name} contains models that are not available or ambiguous: ${missing}`;
  }
}
