/** `sim-digests.js FROM TO HOURS`: plays seeds and prints the digest of each, so that processes can be compared. */
import { makePlan } from './make-plan.js';
import { play } from './play.js';

const [from, to, hours] = process.argv.slice(2).map(Number) as [number, number, number];
for (let seed = from; seed <= to; seed++) {
  const { digest, turns } = await play(makePlan(seed, { hours }));
  console.log(`${seed} ${turns} ${digest}`);
}
