import { type Fleet, isAllSeen, type Millis } from '#core';
import { Refused } from '../../transport/errors/refused.js';

const SHORT: Millis = 1_000;

/**
 * A refusal that lasts, where it is sure. As long as some server was never looked at, an unknown model may be there,
 * and one that fits nowhere else may fit there. Then the refusal is `no_server`, and the caller is to ask again.
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
