import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../../test/support/core-driver.js';
import { Refused } from '../../transport/errors/refused.js';
import { checkPins } from './pin-room.js';

const MIB = 2 ** 20;
const pinned = (id: string, gpuBytes: number) => aModel(id, { gpuBytes, pinnedCopies: 1 });
const fleetOf = (...models: string[]) => new CoreDriver().serve(aServer('t', [10]), models).fleet;

describe('a change of a pin', () => {
  it('is refused where all pins together would not fit', () => {
    expect(() =>
      checkPins(fleetOf('a', 'b'), [pinned('a', 6)], [{ before: aModel('b'), after: pinned('b', 6) }]),
    ).toThrow(Refused);
  });

  it('is refused beside a pinned copy where that is, and names it', () => {
    const driver = new CoreDriver().declare(pinned('a', 4)).serve(aServer('t', [10]), ['a', 'x']);
    driver.loadEnds('a', 't');
    driver.serve(aServer('u', [5]), ['a']);
    const change = { before: aModel('x'), after: pinned('x', 8) };
    expect(() => checkPins(driver.fleet, [pinned('a', 4)], [change])).toThrow(
      /no place .* for 1 of x \(0 MB each, a@t is in the way\)/,
    );
  });

  it('is accepted where it is said again, also before the copies are seen that it was accepted beside', () => {
    const sizes = Object.entries({ a: 4, b: 4, c: 3, d: 3, e: 3, f: 3 });
    const driver = new CoreDriver();
    for (const server of ['t', 'u'])
      driver.serve(
        aServer(server, [10]),
        sizes.map(([name]) => name),
      );
    const [f, ...others] = sizes.map(([name, bytes]) => pinned(name, bytes)).toReversed();
    expect(() => checkPins(driver.fleet, others, [{ before: f, after: f! }])).not.toThrow();
    expect(() => checkPins(driver.fleet, others, [{ before: aModel('f'), after: f! }])).toThrow(Refused);
  });

  it('is accepted beside a pin whose model is in no repository any more', () => {
    const gone = pinned('gone', 1);
    expect(() =>
      checkPins(fleetOf('a'), [gone], [{ before: aModel('a'), after: pinned('a', 6) }]),
    ).not.toThrow();
  });

  it('is refused where it finds no place itself, whatever else does not', () => {
    const gone = pinned('gone', 1);
    expect(() => checkPins(fleetOf('a'), [gone], [{ before: aModel('a'), after: pinned('a', 11) }])).toThrow(
      Refused,
    );
  });

  it('is refused where no server has the files of what it needs, and says so', () => {
    const needy = { ...pinned('a', 1), dependsOn: [aModel('b').id] };
    const why = /1 of a \(in no server's repository with all that it needs\)/;
    expect(() => checkPins(fleetOf('a'), [], [{ before: aModel('a'), after: needy }])).toThrow(why);
  });

  it('is refused where no server has the labels that it requires, and says so', () => {
    const choosy = { ...pinned('a', 1), require: { gpu: 'l4' } };
    const why = /1 of a \(no server that has it has the labels that it requires\)/;
    expect(() => checkPins(fleetOf('a'), [], [{ before: aModel('a'), after: choosy }])).toThrow(why);
  });

  it('is refused with the numbers that it was judged by: what would be booked, and sizes whatever is there now', () => {
    const driver = new CoreDriver().serve(aServer('t', [10 * MIB]), ['a']);
    driver.shelf('t').gpus = [{ uuid: 't-0', memory: 10 * MIB, used: 3 * MIB }];
    driver.pass(25_000);
    driver.fleet.footprints.set(aModel('a').id, { peak: 12 * MIB, times: 1, latest: [0, 12 * MIB] });
    const change = { before: aModel('a'), after: pinned('a', 6 * MIB) };
    expect(() => checkPins(driver.fleet, [], [change])).toThrow(/\(12 MB each\); devices: t\/0: 10 MB$/);
  });

  it('is refused with the roomiest devices alone where there are many, and says how many more', () => {
    const sizes = Array.from({ length: 100 }, (_, nth) => (nth + 1) * MIB);
    const { fleet } = new CoreDriver().serve(aServer('t', sizes), ['a']);
    const change = { before: aModel('a'), after: pinned('a', 101 * MIB) };
    expect(() => checkPins(fleet, [], [change])).toThrow(
      /devices: t\/99: 100 MB, .*, t\/80: 81 MB and 80 more$/,
    );
  });

  it.each([
    ['has the devices of what it needs', { deviceSets: [[0, 1]] }, 'no server has the devices over which'],
    ['may load what it needs', { enabled: false }, 'it needs b, which is not to be loaded'],
  ])('is refused where no server %s, and says so', (_, parts, why) => {
    const needy = { ...pinned('a', 1), dependsOn: [aModel('b').id] };
    const fleet = fleetOf('a', 'b');
    fleet.models.set(aModel('b').id, aModel('b', parts));
    expect(() => checkPins(fleet, [], [{ before: aModel('a'), after: needy }])).toThrow(why);
  });
});
