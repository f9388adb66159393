import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readConfig } from '#config';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { type Alerting, ALERT, checkAlerting, startAlerting } from '../support/alerting.js';
import { type BerthProcess, startBerth } from '../support/berth-process.js';
import { ended, listening } from '../support/http-server.js';
import { issueKey } from '../support/issued-key.js';
import { describeWithParts } from '../support/parts.js';
import { until } from '../support/until.js';

const PATH = '/v1/webhooks/alertmanager';
const PROMISED_MS = 10_000;

interface AuditRecord {
  readonly number: string;
  readonly at: string;
  readonly credential: string;
  readonly operation: string;
  readonly subject: { readonly kind: string; readonly name: string };
}

describeWithParts('a real Prometheus and Alertmanager', ['prometheus', 'alertmanager'], () => {
  const scrape = issueKey('prometheus', 'metrics');
  const hook = issueKey('alertmanager', 'autoscaler');
  const admin = issueKey('admin', 'admin');
  let triton: RunningSim;
  let berth: BerthProcess;
  let between: Between;
  let alerting: Alerting;

  beforeAll(async () => {
    triton = await startTritonSim({ speed: 10 });
    const { grpc, http, metrics } = triton.addresses;
    const rule = { match: { alertname: ALERT }, do: 'drain', server: 'instance' };
    berth = await startBerth({
      config: {
        servers: [{ id: 'a', grpc, http, metrics }],
        auth: { keys: [scrape.line, hook.line, admin.line] },
        webhooks: { alertmanager: [rule] },
      },
    });
    await berth.ready();
    between = new Between(berth);
    await listening(between.server);
    const { port } = between.server.address() as AddressInfo;
    alerting = await startAlerting({
      ...{ berth: berth.http, scrapeKey: scrape.key, hookKey: hook.key },
      webhook: `http://127.0.0.1:${port}${PATH}`,
      instance: new URL(metrics).host,
    });
  });

  afterAll(async () => {
    await alerting?.close();
    await ended(between.server, []);
    await berth.remove();
    await triton.close();
  });

  const ask = async <Body>(method: string, path: string, body?: object): Promise<Body> =>
    (await berth.request<Body>(method, path, body, admin.headers)).body;
  const isDraining = async (): Promise<boolean> =>
    (await ask<{ state: string }>('GET', '/v1/servers/a')).state.startsWith('drain');
  const undrain = () => ask('POST', '/v1/servers/a/undrain', {});
  /** What the webhook changed, the latest first. */
  const byAlerts = async (): Promise<readonly AuditRecord[]> =>
    (await ask<{ items: AuditRecord[] }>('GET', '/v1/audit?chain=programs')).items.filter(
      ({ operation }) => operation === `POST ${PATH}`,
    );
  /** How many alerts have come to this, in this life of Berth. */
  async function counted(result: string): Promise<number> {
    const metrics = await ask<string>('GET', '/metrics');
    return Number(
      new RegExp(`^berth_alerts_total\\{result="${result}"\\} (\\d+)$`, 'm').exec(metrics)?.[1] ?? 0,
    );
  }
  const more = async (result: string, count: number): Promise<void> => {
    const before = await counted(result);
    await until(async () => (await counted(result)) >= before + count);
  };

  it('scrapes Berth with a key', async () => {
    await until(async () => (await alerting.query('up{job="berth"}'))[0] === '1');
    await until(async () => (await alerting.query('berth_leader'))[0] === '1');
  });

  it('has an alert drain its server in time, audited with the name of its key', async () => {
    alerting.setErrors(['0']);
    await until(isDraining);
    const [record, ...others] = await byAlerts();
    expect([record, others]).toMatchObject([
      { credential: 'alertmanager', subject: { kind: 'server', name: 'a' } },
      [],
    ]);
    // By the clocks of Berth and of Prometheus, and not by that of this test.
    const alert = await until(() => between.alerts()[0]);
    expect(alert).toMatchObject({ labels: { alertname: ALERT }, endsAt: '0001-01-01T00:00:00Z' });
    expect(Date.parse(record!.at) - Date.parse(alert.startsAt)).toBeLessThan(PROMISED_MS);
  });

  it('does nothing by its repeats: an undrain by hand stands', async () => {
    await undrain();
    await more('repeated', 2);
    expect(await isDraining()).toBe(false);
    expect(await byAlerts()).toHaveLength(1);
  });

  it.each(['once it has answered', 'as soon as the body has come'] as const)(
    'has its effect once where Berth is killed %s, and Alertmanager hears no answer',
    async (when) => {
      const before = (await byAlerts()).length;
      const { kills } = between;
      between.killWhen = when;
      alerting.setErrors(['0', when]);
      await until(() => between.kills > kills);
      await berth.start();
      await berth.ready();
      await until(isDraining);
      await more('repeated', 2);
      expect(await byAlerts()).toHaveLength(before + 1);
      await undrain();
    },
  );

  it('keeps the server drained when Prometheus has stopped and Alertmanager says resolved', async () => {
    alerting.setErrors(['9']);
    await until(isDraining);
    await alerting.stopPrometheus();
    await until(() => between.alerts().every(({ status }) => status === 'resolved'));
    expect(await isDraining()).toBe(true);
  });
});

describeWithParts('the example of docs/autoscalers.md', ['prometheus', 'alertmanager'], () => {
  it('is accepted by promtool, amtool and Berth', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'berth-example-'));
    const guide = await readFile(new URL('../../docs/autoscalers.md', import.meta.url), 'utf8');
    const examples = [...guide.matchAll(/^<!-- example: (\S+) -->\n+```yaml\n([\s\S]*?)^```$/gm)];
    expect(examples.map(([, name]) => name)).toEqual([
      'prometheus.yml',
      'gpu-rules.yml',
      'alertmanager.yml',
      'berth.yaml',
    ]);
    for (const [, name = '', text = ''] of examples) await writeFile(join(folder, name), text);
    for (const key of ['prometheus', 'alertmanager'])
      await writeFile(join(folder, `${key}-berth.key`), 'key');
    await checkAlerting(folder);
    const text = await readFile(join(folder, 'berth.yaml'), 'utf8');
    const read = readConfig({ file: { path: 'berth.yaml', text }, env: {}, flags: { triton: [] } });
    expect(read).toMatchObject({
      ok: true,
      config: { webhooks: { alertmanager: [{ do: 'drain', label: 'triton' }] } },
    });
    await rm(folder, { recursive: true });
  });
});

interface SeenAlert {
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

/** Stands between Alertmanager and Berth, hears the bodies, and kills Berth so that Alertmanager hears no answer. */
class Between {
  readonly server: Server = createServer((from, to) => void this.pass(from, to));
  killWhen: 'once it has answered' | 'as soon as the body has come' | null = null;
  /** How often it has killed Berth. */
  kills = 0;
  private latest = '{"alerts":[]}';

  constructor(private readonly berth: BerthProcess) {}

  /** The alerts of the latest body that Berth has answered. */
  alerts(): readonly SeenAlert[] {
    return (JSON.parse(this.latest) as { alerts: SeenAlert[] }).alerts;
  }

  private async pass(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of from) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const answer = this.ask(from, body);
    if (this.killWhen !== null && body.includes(this.killWhen)) return this.kill(answer, to);
    try {
      const [status, text] = await answer;
      this.latest = body;
      to.writeHead(status).end(text);
    } catch {
      to.destroy();
    }
  }

  private async kill(answer: Promise<unknown>, to: ServerResponse): Promise<void> {
    if (this.killWhen === 'once it has answered') await answer;
    this.killWhen = null;
    await this.berth.kill();
    this.kills += 1;
    await answer.catch(() => undefined);
    to.destroy();
  }

  private ask({ url, headers }: IncomingMessage, body: string): Promise<[number, string]> {
    const { authorization } = headers;
    const answer = this.berth.request<unknown>('POST', url!, body, {
      authorization: authorization!,
    });
    return answer.then((told) => [told.status, JSON.stringify(told.body)]);
  }
}
