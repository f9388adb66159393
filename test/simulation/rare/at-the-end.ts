import type { Fleet, Replica } from '#core';
import type { RareMark } from '../marks.js';

/** The rare situations that only the end of a Berth can bring about, told by the fleet as its last turn left it. */
export function raritiesAtEnd(fleet: Readonly<Fleet>): RareMark[] {
  const replicas = [...fleet.unsettled].map((id) => fleet.replicas.get(id)!);
  const found: readonly (readonly [RareMark, boolean])[] = [
    ['restart of Berth with a placed replica', replicas.some(({ phase }) => phase === 'placed')],
    ['unload acknowledged, Berth crashed before the look', replicas.some(isAcknowledged)],
    ['Berth crashed while it loaded', replicas.some(({ phase }) => phase === 'loading')],
    ['Berth crashed while requests waited', fleet.waiting.size > 0],
  ];
  return found.flatMap(([mark, isSo]) => (isSo ? [mark] : []));
}

const isAcknowledged = (replica: Replica): boolean =>
  replica.phase === 'unloading' && replica.answeredAt !== null;
