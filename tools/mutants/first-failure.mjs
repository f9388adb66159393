/** Jest's reporter for one mutant: says which test failed first, as a line of JSON, and nothing else. */
import { relative } from 'node:path';
import { ROOT } from '../set-up.mjs';

export default class FirstFailure {
  onTestResult(_, { testFilePath, testResults, failureMessage }) {
    if (this.isFound || !failureMessage) return;
    this.isFound = true;
    const failed = testResults.find(({ status }) => status === 'failed');
    const said = failed?.fullName ?? failureMessage;
    console.log(JSON.stringify({ spec: relative(ROOT, testFilePath), said }));
  }
}
