/** Runs no test after the first that failed: a mutant is noticed once, and all specs of the core are one file here. */
import StrykerEnvironment from '@stryker-mutator/jest-runner/jest-env/node';

export default class FirstFailureOnly extends StrykerEnvironment {
  handleTestEvent(event) {
    if (event.name === 'test_fn_failure') this.hasFailed = true;
    if (event.name === 'test_start' && this.hasFailed) event.test.mode = 'skip';
  }
}
