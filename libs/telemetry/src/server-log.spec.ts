import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { ServerLog } from './server-log.js';

describe('the log of servers', () => {
  let lines: string[];
  let driver: CoreDriver;
  let log: ServerLog;

  beforeEach(() => {
    lines = [];
    const write = (line: string): void => {
      const { level, msg } = JSON.parse(line) as { level: number; msg: string };
      lines.push(`${level === 40 ? 'WARN ' : ''}${msg}`);
    };
    log = new ServerLog(pino({}, { write }));
    driver = new CoreDriver();
  });

  const told = (): string[] => {
    log.turnTaken({ events: [], actions: [], now: driver.now, took: 0 }, driver.fleet);
    return lines.splice(0);
  };

  it('tells each change once', () => {
    driver.serve(aServer('t'), []);
    expect(told()).toEqual(['server t is ready']);
    expect(told()).toEqual([]);
    driver.tell({ kind: 'ContactChanged', server: aServer('t').id, fact: 'ended' });
    expect(told()).toEqual(['server t is being connected to']);
    driver.pass(2_000);
    expect(told()).toEqual(['WARN server t cannot be reached; its routes are withdrawn']);
  });

  it('tells why nothing can be placed on a server without devices', () => {
    driver.serve(aServer('t', []), []);
    expect(told()).toEqual([expect.stringMatching(/^WARN server t is ready, but nothing can be placed/)]);
  });

  it('tells once of a server with an ensemble that it bounds the orders there, where more were allowed', () => {
    driver.tell({ kind: 'StepsRemembered', model: aModel('e').id, steps: [aModel('a').id] });
    driver.serve(aServer('t'), ['e', 'a']);
    expect(told()).toEqual(['server t is ready']);
    driver.tell({
      kind: 'LimitsSet',
      limits: { ...driver.fleet.limits, loadsPerServer: 8 },
      defaults: driver.fleet.defaults,
    });
    expect(told()).toEqual(['server t has an ensemble: at most 2 loads and 2 unloads at once there']);
    expect(told()).toEqual([]);
  });

  it('says nothing of a server that was not reached yet', () => {
    driver.tell({ kind: 'ServerDeclared', server: aServer('t') });
    expect(told()).toEqual([]);
  });
});
