import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Trouble } from '#engine';
import { PATIENCE_MS } from '../../../../../test/support/until.js';
import { ConnectionErrors } from './connection-errors.js';

const REFUSED: Trouble = { reason: 'refused', detail: 'h:1 refuses connections' };
const SILENT: Trouble = { reason: 'silent', detail: 'h:1 says nothing' };

describe('what keeps servers from being reached', () => {
  let lines: string[];
  let connectionErrors: ConnectionErrors;

  beforeEach(() => {
    lines = [];
    const write = (line: string): void => void lines.push((JSON.parse(line) as { msg: string }).msg);
    connectionErrors = new ConnectionErrors(pino({}, { write }));
  });

  it('is written into the log once for each change, not once for each try', () => {
    for (let tries = 0; tries < 5; tries += 1) connectionErrors.tell('t', REFUSED);
    for (let tries = 0; tries < 5; tries += 1) connectionErrors.tell('t', SILENT);
    connectionErrors.tell('t', null);
    connectionErrors.tell('t', SILENT);
    expect(lines).toEqual([
      'server t is not reached: h:1 refuses connections',
      'server t is not reached: h:1 says nothing',
      'server t is not reached: h:1 says nothing',
    ]);
  });

  it('is known of each server until it is reached, or reached otherwise', () => {
    expect(connectionErrors.of('t')).toBeNull();
    connectionErrors.tell('t', REFUSED);
    expect(connectionErrors.of('t')).toEqual(REFUSED);
    connectionErrors.tell('t', null);
    expect(connectionErrors.of('t')).toBeNull();
    connectionErrors.tell('t', REFUSED);
    connectionErrors.forget('t');
    expect(connectionErrors.of('t')).toBeNull();
  });

  it('is waited for until all servers are told of', async () => {
    const waited: string[] = [];
    const told = connectionErrors.areTold(['t', 'u'], PATIENCE_MS).then(() => waited.push('over'));
    connectionErrors.tell('t', REFUSED);
    expect(waited).toEqual([]);
    connectionErrors.tell('u', null);
    await told;
    await connectionErrors.areTold(['t', 'u'], PATIENCE_MS);
    await connectionErrors.areTold(['never told of'], 1);
  });
});
