import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { describeWithParts, programPath } from '../support/parts.js';

const TESTS = fileURLToPath(new URL('../../deploy/prometheus-rules.test.yaml', import.meta.url));

describeWithParts('the alerts of deploy/prometheus-rules.yaml', ['prometheus'], () => {
  it('fire when they should, and not before', async () => {
    const { stdout } = await promisify(execFile)(programPath('promtool')!, ['test', 'rules', TESTS]);
    expect(stdout).toContain('SUCCESS');
  });
});
