/** What is said of the mutants that were played: a Markdown table, so that it can be kept as it is. */

export const TABLE_HEAD = [
  '',
  '| mutant | breaks | found by specs | found by seed | seeds | what the simulation said |',
  '| --- | --- | --- | --- | --- | --- |',
].join('\n');

const SAID = 110;

export function rowOf({ mutant, bySpecs, bySeeds }) {
  const { name, breaks } = mutant;
  const spec = bySpecs ? specOf(bySpecs) : '-';
  return `| ${[name, breaks, spec, bySeeds?.seed ?? '-', playedOf(bySeeds), saidBy(bySeeds)].join(' | ')} |`;
}

/** A line as soon as one is known: the whole table takes a while. */
export function progress({ mutant, bySpecs, bySeeds, isFound }, done, all) {
  const spec = bySpecs && specOf(bySpecs);
  const seed = bySeeds?.seed === undefined ? undefined : `seed ${bySeeds.seed} (${shorten(bySeeds.said)})`;
  const by = [spec, seed].filter(Boolean).join(' and ');
  const unfit = bySeeds?.unfit.length ? `; without it too fail seeds ${bySeeds.unfit.join(', ')}` : '';
  console.log(`${done}/${all} ${mutant.name}: ${isFound ? `found by ${by}` : 'NOT FOUND'}${unfit}`);
}

export function sumUp(rows, time) {
  const count = (isCounted) => rows.filter(isCounted).length;
  const missed = rows.filter(({ isFound }) => !isFound).map(({ mutant }) => mutant.name);
  return [
    `${count(({ isFound }) => isFound)} of ${rows.length} found in ${time}:`,
    `${count(({ bySpecs }) => bySpecs)} by specs, ${count(({ bySeeds }) => bySeeds?.seed !== undefined)} by seeds`,
    ...(missed.length > 0 ? [`\nNOT FOUND: ${missed.join(', ')}`] : []),
  ].join(' ');
}

const specOf = ({ spec }) => spec.replace(/^libs\/(\w+)\/src\//, '$1/').replace(/\.spec\.ts$/, '');

const playedOf = (bySeeds) => (bySeeds === undefined ? '-' : bySeeds.played);

const saidBy = (bySeeds) => (bySeeds?.said ? shorten(bySeeds.said) : '-');

function shorten(text) {
  const line = text.split('\n')[0].replaceAll('|', '/');
  return line.length > SAID ? `${line.slice(0, SAID)}...` : line;
}
