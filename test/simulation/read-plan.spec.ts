import { describe, expect, it } from '@jest/globals';
import { makePlan } from './make-plan.js';
import { NoPlan, readPlan } from './read-plan.js';

const text = JSON.stringify(makePlan(1, { hours: 0.01 }), null, 2);

describe('readPlan', () => {
  it('reads what was drawn, for many seeds', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const plan = makePlan(seed, { hours: 0.05 });
      expect(readPlan(JSON.stringify(plan))).toEqual(plan);
    }
  });

  it('says where the text is no JSON', () => {
    const [line] = problemsOf(text.replace('"limits": {', '"limits": [{'));
    expect(line).toMatch(new RegExp(`^line ${lineOf('"defaults"')}: not JSON: `));
  });

  it.each([
    ['"storm": ', '"storm": oops'],
    ['"grain": ', '"grain": ,'],
    ['"models": [', '"models": [ ]]'],
    ['"limits": ', '"limits" '],
  ])('says where the text stops being JSON in its midst: %s', (good, bad) => {
    const [line] = problemsOf(text.replace(good, bad));
    expect(line).toMatch(new RegExp(`^line ${lineOf(good)}: not JSON: `));
  });

  it('says where the text ends too early', () => {
    const cut = text.slice(0, text.indexOf('"limits"'));
    expect(problemsOf(cut)[0]).toMatch(new RegExp(`^line ${cut.split('\n').length}: not JSON: `));
  });

  it('names line, field and rule of an unknown key', () => {
    const edited = text.replace('"loadsPerServer"', '"loadsPerServre"');
    const at = lineOf('"limits"');
    expect(problemsOf(edited)).toEqual([
      expect.stringMatching(new RegExp(`^line ${at}: limits.loadsPerServer: .*number`)),
      `line ${at + 2}: limits.loadsPerServre: unknown key`,
    ]);
  });

  it('names line and field of an unknown happening, and of one that is wrong', () => {
    const plan = makePlan(1, { hours: 0.01 });
    const wrong = [
      { at: 5, kind: 'earthquake' },
      { at: -1, kind: 'berthCrash', downFor: 10 },
    ];
    const edited = JSON.stringify({ ...plan, happenings: wrong }, null, 1);
    const line = edited.split('\n').findIndex((one) => one.includes('earthquake')) + 1;
    expect(problemsOf(edited)).toEqual([
      expect.stringContaining(`line ${line}: happenings[0].kind: `),
      expect.stringContaining(`line ${line + 3}: happenings[1].at: `),
    ]);
  });

  it('says what does not go together', () => {
    const plan = makePlan(1, { hours: 0.01 });
    const { storm } = plan;
    const [server] = plan.servers;
    const [model] = plan.models;
    const crash = { kind: 'berthCrash', downFor: 10 };
    const wrong = {
      ...plan,
      servers: [server, server],
      models: [model, { ...model!, disk: { ...model!.disk, name: 'another' } }],
      happenings: [
        { at: 5, ...crash },
        { at: 4, ...crash },
        { at: storm, ...crash },
        { at: storm + 1, ...crash },
      ],
    };
    expect(problemsOf(JSON.stringify(wrong))).toEqual([
      'line 1: servers[1].spec.id: another server has that name',
      'line 1: models[1].model.id: another model has that name',
      `line 1: models[1].disk.name: the model is called ${model!.model.id}`,
      'line 1: happenings[1].at: the one before it happens at 5',
      `line 1: happenings[3].at: the storm is over at ${storm}`,
    ]);
  });

  it('refuses a plan of another version', () => {
    expect(problemsOf(text.replace('"version": 1', '"version": 2'))[0]).toMatch(/^line 2: version: /);
  });
});

function problemsOf(wrong: string): readonly string[] {
  try {
    readPlan(wrong);
  } catch (error) {
    if (error instanceof NoPlan) return error.problems;
    throw error;
  }
  return [];
}

const lineOf = (part: string): number => text.slice(0, text.indexOf(part)).split('\n').length;
