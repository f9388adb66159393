/** In which order specs are played: those that take longest first, so that no worker is left with one in the end. */
import TestSequencer from '@jest/test-sequencer';

/** Of all others Jest knows how long they took, or goes by the size of the file. */
const LONGEST = [
  'test/simulation/peers/peers-hundred',
  'test/simulation/hundred-seeds',
  'test/likeness/likeness',
  'test/simulation/simulation',
  'test/contract/model-server',
];

export default class LongestFirst extends TestSequencer {
  sort(tests) {
    return super.sort(tests).toSorted((one, other) => rank(one) - rank(other));
  }
}

function rank({ path }) {
  const at = LONGEST.findIndex((part) => path.includes(part));
  return at < 0 ? LONGEST.length : at;
}
