/**
 * `node tools/second-try.mjs RESULTS COMMAND...` plays Jest by that command, and leaves its results in the file RESULTS. A suite
 * that failed is played once more, alone: what it told then counts, and where it passed RESULTS names it as flaky. More than
 * `MAX_FLAKY` failures are no matter of luck, so none of them is played again. Status 0 if all passed in the end.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';

/** Bound of flaky suites in a whole run. */
export const MAX_FLAKY = 3;
/** Suites that search for what goes wrong rarely: a failure is a find, to be repeated by the seed that it printed. */
const FINDS =
  /\.property\.|^test\/(simulation|checkers|contract)\/|chaos|^test\/integration\/(abuse|access|certificates|tls)|\/access\//;

async function main([path, ...command]) {
  const status = await play(command, path);
  if (status === 0 || !existsSync(path)) return status;
  const results = read(path);
  const failed = results.testResults.filter(hasFailed).map(({ name }) => name);
  const chosen = failed.filter((name) => !FINDS.test(short(name)));
  for (const name of failed.filter((one) => !chosen.includes(one)))
    console.log(`=== no second try for ${short(name)}: its failure is a find`);
  if (chosen.length > MAX_FLAKY) console.log(`=== no second try for ${chosen.length} suites that failed`);
  for (const name of chosen.length > MAX_FLAKY ? [] : chosen)
    await playAgain(results, name, { path, command });
  writeFileSync(path, JSON.stringify({ ...results, ...counted(results.testResults) }));
  return results.testResults.some(hasFailed) ? status : 0;
}

async function playAgain(results, name, { path, command }) {
  console.log(`=== second try of ${short(name)}, alone`);
  await play([...command, '--runTestsByPath', name], `${path}.again`);
  const again = existsSync(`${path}.again`) ? read(`${path}.again`).testResults : [];
  const told = again.find((one) => one.name === name);
  if (!told) return;
  results.testResults = results.testResults.map((one) => (one.name === name ? told : one));
  if (!hasFailed(told)) results.flaky = [...(results.flaky ?? []), short(name)];
}

/** Its exit status; 1 where it was killed or could not be started. */
function play([file, ...args], path) {
  const child = spawn(file, [...args, '--json', `--outputFile=${path}`], { stdio: 'inherit' });
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** As Jest counts. A suite may fail without a test that does: it could not be read, or a hook threw. */
function counted(suites) {
  const tests = suites.flatMap((suite) => suite.assertionResults);
  const count = (status) => tests.filter((test) => test.status === status).length;
  const broken = suites.filter((suite) => hasFailed(suite) && !suite.assertionResults.some(hasFailed));
  return {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('pending'),
    numRuntimeErrorTestSuites: broken.length,
  };
}

const hasFailed = ({ status }) => status === 'failed';
const short = (name) => relative(process.cwd(), name);
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));

if (process.argv[1]?.endsWith('second-try.mjs')) process.exitCode = await main(process.argv.slice(2));
