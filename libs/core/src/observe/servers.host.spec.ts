import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { hostAccount } from '../fleet/ids.js';
import { memoryOf } from '../explain/view.js';

const OTHER = hostAccount('other');

/** What is held of the memory of the host to which a server that serves one model is said to belong now. */
function heldThere(gpus: readonly number[] | null): number {
  const spec = aServer('t', gpus ?? [], { hostMemory: 100, ...(gpus === null ? { devices: null } : {}) });
  const driver = new CoreDriver()
    .declare(aModel('a', { hostBytes: 7 }))
    .serve(spec, ['a'])
    .warm('a', 't');
  driver.tell({ kind: 'ServerDeclared', server: { ...spec, host: 'other' } });
  const [device] = driver.fleet.servers.get(spec.id)!.devices!;
  if (device!.kind === 'cpu') expect(device!.account).toBe(OTHER);
  return memoryOf(driver.fleet)(OTHER).held;
}

describe('a server that belongs to another host than was told', () => {
  it('holds there what it held, at once, with GPUs and without', () => {
    expect(heldThere([10])).toBe(7);
    expect(heldThere(null)).toBe(7);
  });
});
