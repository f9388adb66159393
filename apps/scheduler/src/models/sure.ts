import { type Fleet, isAllSeen, type Millis } from '#core';
import { Refused } from '../errors/refused.js';

const SHORT: Millis = 1_000;

/**
 * A refusal that lasts, where it is sure. As long as some server was never looked at, what nobody knows may be there, and what
 * fits nowhere may fit there: then it is `no_server`, and to be asked again.
 */
export function sure(fleet: Readonly<Fleet>, refused: Refused): Refused {
  if (isAllSeen(fleet)) return refused;
  const { detail, members } = refused.facts;
  return new Refused({
    reason: 'no_server',
    retryAfter: SHORT,
    detail: `${detail === undefined ? '' : `${detail}; `}some server was never looked at yet`,
    members: { ...members },
  });
}
