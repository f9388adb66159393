import { type Auth, hashOf, newKey, SignIn } from '#access';
import { type Figure, median, rounded } from './figure.js';

const GOAL_US = 3;
const ROUNDS = 15;
const CALLS = 100_000;
const FEW = 100;
const MOST = 10_000;

/** What it takes to find the caller by a key, beside fewer keys and beside no credentials at all in the same run. */
export async function accessCheck(): Promise<Figure> {
  const headers = Array.from({ length: MOST }, (_, at) => [`Bearer ${newKey(`key-${at}`)}`]);
  const off = signInBy([]);
  const few = signInBy(headers.slice(0, FEW));
  const all = signInBy(headers);
  const us = { off: [] as number[], few: [] as number[], all: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    us.off.push(perCall(off, headers));
    us.few.push(perCall(few, headers.slice(0, FEW)));
    us.all.push(perCall(all, headers));
  }
  const value = median(us.all);
  return {
    ...{ name: 'access_check', value, unit: 'us of CPU, median of rounds' },
    ...{ goal: `< ${GOAL_US}`, met: value < GOAL_US },
    details: {
      ...{ keys: MOST, best: rounded(Math.min(...us.all)), worst: rounded(Math.max(...us.all)) },
      [`with${FEW}Keys`]: rounded(median(us.few)),
      withoutAuth: rounded(median(us.off)),
    },
  };
}

type Headers = readonly (readonly string[])[];

/** Knows the keys of these headers; without any it is off. */
function signInBy(headers: Headers): SignIn {
  const signIn = new SignIn(Date.now, () => undefined);
  const keys = headers.map(([header = ''], at): Auth['keys'][number] => {
    const hash = hashOf(header.slice('Bearer '.length));
    return { id: `key-${at}`, hash, role: 'gateway', tenant: null, maxClass: null, expiresAt: null };
  });
  signIn.take(keys.length === 0 ? null : { keys, jwt: [], certificates: [] });
  return signIn;
}

/** Microseconds of CPU for each call. Each is made by another key, and its header is a new text as one from a socket is. */
function perCall(signIn: SignIn, headers: Headers): number {
  const fresh = Array.from({ length: CALLS }, (_, at) => {
    return [Buffer.from(headers[at % headers.length]![0]!).toString('latin1')];
  });
  const sans: readonly string[] = [];
  const before = process.cpuUsage();
  for (const authorization of fresh) {
    if (typeof signIn.signIn({ authorization, sans }) === 'string') throw new Error('a key was refused');
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
}
