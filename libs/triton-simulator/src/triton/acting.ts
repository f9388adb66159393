import type { KnownModel, Standing } from './known-models.js';
import { misfit, versionsOfStep } from './model-config.js';
import { readyRows } from './process-state.js';
import type { ProcessState } from './process-state.js';
import { unloadRow } from './unloading.js';
import { loadVersions } from './version-loading.js';

/** What came of each model that was acted upon: undefined for one that is well. */
export type Problems = ReadonlyMap<string, string | undefined>;

/** One order at work. It sees how each model stands as a draft of its own. */
interface Work {
  readonly process: ProcessState;
  /** The models that no other order touches meanwhile. */
  readonly claim: ReadonlySet<string>;
  readonly standings: ReadonlyMap<string, Standing>;
  readonly problems: Map<string, string | undefined>;
}

/**
 * Acts upon all that was read or has changed, in waves: a model comes after its steps. One that can serve is loaded, one
 * that cannot is unloaded. What becomes of a model is kept only where it is `affected`: an ensemble that was acted upon
 * because a step was read anew is acted upon again at every order that follows, as Triton does.
 */
export function actUponAll(
  process: ProcessState,
  { claim, affected }: { readonly claim: ReadonlySet<string>; readonly affected: readonly string[] },
  done: (problems: Problems) => void,
): void {
  const known = process.known.all();
  const standings = new Map(known.map(({ name, standing }) => [name, { ...standing }]));
  const work: Work = { process, claim, standings, problems: new Map() };
  const nextWave = (candidates: readonly KnownModel[]): void => {
    const wave = candidates.filter((model) => isDue(work, model));
    for (const { name } of wave) standings.get(name)!.isChecked = true;
    // An ensemble that was unloaded meanwhile comes up again with its step, and no order finds it any more.
    if (wave.length > 0) return actUpon(work, wave, () => nextWave(dependentsOf(known, wave)));
    keep(work, affected);
    done(work.problems);
  };
  nextWave(known);
}

/** Unloads all versions of a model that serve. */
export function withdraw(process: ProcessState, name: string): void {
  for (const row of readyRows(process.lives.get(name))) unloadRow(process, row);
}

const dependentsOf = (known: readonly KnownModel[], wave: readonly KnownModel[]): readonly KnownModel[] =>
  known.filter(({ config }) => wave.some(({ name }) => config.steps.includes(name)));

function keep({ process, standings, problems }: Work, affected: readonly string[]): void {
  for (const name of affected) {
    const model = process.known.get(name);
    const standing = standings.get(name);
    if (model === undefined || standing === undefined) continue;
    model.standing = standing;
    // The next load is to try again; a model that lacks a step was not tried.
    if (standing.problem === undefined && problems.get(name) !== undefined) model.seen = model.before;
  }
}

function actUpon(work: Work, wave: readonly KnownModel[], done: () => void): void {
  let left = wave.length;
  for (const model of wave) {
    actUponOne(work, model, (problem) => {
      work.problems.set(model.name, problem);
      left -= 1;
      if (left === 0) done();
    });
  }
}

function actUponOne(
  { process, claim, standings }: Work,
  model: KnownModel,
  done: (problem: string | undefined) => void,
): void {
  const standing = standings.get(model.name)!;
  if (standing.problem !== undefined) {
    withdraw(process, model.name);
    standing.loadedVersions = [];
    return done(standing.problem);
  }
  loadVersions(process, model, (problem) => {
    // An order may come between. What it has unloaded meanwhile does not stay, but for an ensemble of what is being loaded.
    const isOfClaim = model.config.steps.some((step) => claim.has(step));
    if (process.known.get(model.name) === undefined && !isOfClaim) withdraw(process, model.name);
    standing.loadedVersions = readyRows(process.lives.get(model.name)).map(({ version }) => version);
    done(problem);
  });
}

/** Whether all its steps have been seen to; if one of them does not serve, that is its problem from now on. */
function isDue(work: Work, { name, config }: KnownModel): boolean {
  const standing = work.standings.get(name);
  if (standing === undefined || standing.isChecked) return false;
  if (!work.claim.has(name) && work.process.locks.isHeld(name)) return false;
  if (standing.problem !== undefined) return true;
  const steps = config.steps.filter((step) => work.standings.has(step));
  if (steps.some((step) => !work.standings.get(step)!.isChecked)) return false;
  const problems = steps.map((step) => problemOfStep(work, { name, config }, step));
  standing.problem =
    problems.find(Boolean) ??
    misfit(name, config, (step) => readyRows(work.process.lives.get(step)).at(-1)?.config);
  return true;
}

function problemOfStep(
  { standings, problems }: Work,
  { name, config }: Pick<KnownModel, 'name' | 'config'>,
  step: string,
): string | undefined {
  const { problem, loadedVersions } = standings.get(step)!;
  const depends = `ensemble '${name}' depends on '${step}'`;
  if (problem !== undefined) {
    return `${depends} which is not valid. Model '${step}' failed with error: ${problem}`;
  }
  const lacking = versionsOfStep(config, step).find((version) => !loadedVersions.includes(version));
  if (loadedVersions.length > 0)
    return lacking === undefined ? undefined : `${depends} whose required version ${lacking} is not loaded.`;
  const cause = problems.get(step) ?? '';
  return `${depends} which has no loaded version. Model '${step}' loading failed with error: ${cause}`;
}
