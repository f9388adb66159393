import { describe, expect, it } from '@jest/globals';
import { endWaiting, type Action, type ActionOf, type Fleet, type ModelId } from '#core';
import { aModel, aServer } from '../support/builders.js';
import { HERE, Story } from './story.js';

const isLoad = (action: Action): action is ActionOf<'load'> => action.kind === 'load';

type Forge = (fleet: Fleet, actions: readonly Action[]) => readonly Action[];

/** Six wait for a model of which an execution takes 900 ms; one copy becomes ready, and the other 800 ms later. */
function twoCopies(): Story {
  const story = new Story();
  const servers = [aServer('s', [10]), aServer('t', [10])];
  story.turn([
    ...servers.map((server) => ({ kind: 'ServerDeclared', server }) as const),
    { kind: 'ModelDeclared', model: aModel('here', { pinnedCopies: 2 }) },
    ...servers.map(({ id }) => ({ kind: 'ContactChanged', server: id, fact: 'connected' }) as const),
  ]);
  story.fleet.serviceTimes.set('here' as ModelId, { served: 10, took: 9_000 });
  const [first, second] = servers.flatMap(({ id }) =>
    story.look({ here: '' }, undefined, 0, id).filter(isLoad),
  );
  for (let nth = 0; nth < 6; nth += 1) story.ask('here');
  story.loaded(first!);
  story.time(799);
  story.loaded(second!);
  return story;
}

/** Lets so many more held-back requests go. */
const letGo =
  (more: number): Forge =>
  (fleet, actions) => {
    const others = [...fleet.backlogs.values()].flatMap(({ queue }) => [...queue]).slice(0, more);
    for (const id of others) endWaiting(fleet, id);
    const grants = others.map((request): Action => {
      return {
        kind: 'grant',
        request,
        replica: HERE,
        versions: ['1'],
        lease: 10_000,
        waited: 900,
        cold: true,
      };
    });
    return [...actions, ...grants];
  };

const tooFast = ({ found }: Story): readonly string[] => found.filter((one) => /it served/.test(one));

describe('the promise that held-back requests get their routes as fast as their model serves', () => {
  it('lets a copy that becomes ready meanwhile take as many as the first did', () => {
    const story = twoCopies();
    const grants = story.time(100).filter(({ kind }) => kind === 'grant');
    expect(grants).toHaveLength(2);
    expect(tooFast(story)).toEqual([]);
    story.time(900);
    expect(tooFast(story)).toEqual([]);
  });

  it('finds one more than that', () => {
    const story = twoCopies();
    story.time(100, letGo(1));
    expect(tooFast(story)).toEqual([expect.stringMatching(/^4 who waited for here .* served 3\.1\d* /)]);
  });
});
