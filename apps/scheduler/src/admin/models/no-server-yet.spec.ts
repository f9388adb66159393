import { describe, expect, it } from '@jest/globals';
import { aServer, CoreDriver } from '../../../../../test/support/core-driver.js';
import { unknownModel } from './model-list.js';
import { sure } from './no-server-yet.js';

const reasonIn = ({ fleet }: CoreDriver): string => sure(fleet, unknownModel('m')).facts.reason;

const declared = (): CoreDriver => {
  const driver = new CoreDriver().serve(aServer('t'), []);
  driver.tell({ kind: 'ServerDeclared', server: aServer('u') });
  return driver;
};

describe('a refusal that lasts', () => {
  it('is sure where all servers were looked at', () => {
    expect(reasonIn(new CoreDriver().serve(aServer('t'), []))).toBe('unknown_model');
  });

  it('is no_server where one of them was not, or where there is none, and keeps what it says', () => {
    expect(reasonIn(declared())).toBe('no_server');
    expect(reasonIn(new CoreDriver())).toBe('no_server');
    expect(sure(declared().fleet, unknownModel('m')).facts).toMatchObject({
      retryAfter: 1_000,
      detail: 'no model m is declared or found; some server was never looked at yet',
      members: { model: 'm' },
    });
  });

  it('is sure where one was looked at in an earlier life, or may not be looked at', () => {
    const remembered = declared();
    remembered.tell({ kind: 'ServerRemembered', server: aServer('u').id, repository: [], devices: [] });
    expect(reasonIn(remembered)).toBe('unknown_model');
    const restricted = declared();
    restricted.tell({ kind: 'LookFailed', server: aServer('u').id, why: { mode: 'restricted' } });
    expect(reasonIn(restricted)).toBe('unknown_model');
  });
});
