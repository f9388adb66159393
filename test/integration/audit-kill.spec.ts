import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditPageSchema, type AuditRecordMessage } from '#contracts';
import { type BerthProcess, startBerth } from '../support/berth-process.js';
import { berthctl } from '../support/berthctl.js';
import { until } from '../support/until.js';

const KILLS = 3;
const MODELS = ['a', 'b', 'c', 'd'];

describe('the audit of a Berth that is killed during writes', () => {
  let berth: BerthProcess;
  let acknowledged = 0;

  beforeAll(async () => {
    berth = await startBerth({ config: { servers: [{ id: 'a', grpc: '127.0.0.1:9' }] } });
  });

  afterAll(() => berth.remove());

  it.each(Array.from({ length: KILLS }, (_, nth) => nth + 1))(
    'has a record of each change that is stored, and of no other (kill %d)',
    async () => {
      const before = acknowledged;
      const writing = MODELS.map(writeOn);
      await until(() => acknowledged >= before + 40);
      await berth.kill();
      await Promise.all(writing);
      await berth.start();
      const records = await audit();
      expect(records.length).toBeGreaterThanOrEqual(acknowledged);
      for (const model of MODELS) {
        const told = records.flatMap((record) =>
          record.subject.name === model ? [record.revisionAfter] : [],
        );
        const { body } = await berth.request<{ revision: string }>('GET', `/v1/models/${model}`);
        expect(told.reverse()).toEqual(
          Array.from({ length: Number(body.revision) }, (_, nth) => `${nth + 1}`),
        );
      }
      const { status, err } = await berthctl(['audit', 'verify'], { BERTH_URL: `http://${berth.http}` });
      expect([status, err]).toEqual([0, '']);
    },
  );

  /** Writes to a model until Berth is gone. */
  async function writeOn(model: string): Promise<void> {
    for (;;) {
      const put = berth.request('PUT', `/v1/models/${model}`, { labels: { at: String(acknowledged) } });
      const answer = await put.catch(() => null);
      if (answer === null) return;
      acknowledged += 1;
    }
  }

  async function audit(): Promise<AuditRecordMessage[]> {
    const records: AuditRecordMessage[] = [];
    let token = '';
    do {
      const { body } = await berth.request('GET', `/v1/audit?pageSize=1000&pageToken=${token}`);
      const { items, nextPageToken } = auditPageSchema.parse(body);
      records.push(...items);
      token = nextPageToken;
    } while (token !== '');
    return records;
  }
});
