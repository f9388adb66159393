import { describe, expect, it } from '@jest/globals';
import type { ReplicaId } from '../index.js';
import { HandedOut } from './handed-out.js';

const A = 'a@t' as ReplicaId;
const B = 'b@t' as ReplicaId;

describe('what was handed out in the last second', () => {
  it('is counted for each replica', () => {
    const handedOut = new HandedOut();
    for (const id of [A, B, A]) handedOut.note(id, 5_100);
    expect([A, B].map((id) => handedOut.inLastSecond(id, 5_999))).toEqual([2, 1]);
  });

  it('fades in the second after, and is forgotten then', () => {
    const handedOut = new HandedOut();
    for (let at = 5_000; at < 6_000; at += 100) handedOut.note(A, at);
    const counts = [6_000, 6_200, 6_900].map((now) => handedOut.inLastSecond(A, now));
    expect(counts).toEqual([10, 8, expect.closeTo(1)]);
    handedOut.note(A, 6_900);
    expect([7_500, 8_000].map((now) => handedOut.inLastSecond(A, now))).toEqual([0.5, 0]);
  });

  it('is nothing after a silence', () => {
    const handedOut = new HandedOut();
    handedOut.note(A, 5_000);
    expect(handedOut.inLastSecond(A, 7_000)).toBe(0);
  });
});
