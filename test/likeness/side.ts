import { until } from '../support/until.js';
import type { Stage } from '../contract/stage.js';
import { connect, type Ended, type Message, type Wire } from '../contract/wire.js';

/** One of the two servers that are compared, through its deaths. */
export class Side {
  private constructor(
    readonly name: string,
    readonly stage: Stage,
    private wire: Wire,
  ) {}

  static async open(name: string, stage: Stage): Promise<Side> {
    return new Side(name, stage, await connected(stage));
  }

  call(method: string, request: Message = {}): Promise<Ended> {
    return this.wire.call(method, request);
  }

  kill(): Promise<void> {
    return this.stage.kill();
  }

  async start(): Promise<void> {
    this.wire.close();
    await this.stage.start();
    this.wire = await connected(this.stage);
  }

  async close(): Promise<void> {
    this.wire.close();
    await this.stage.close();
  }
}

/** A connection that was refused waits before it tries again: so a new one is made until there is an answer. */
function connected({ grpc }: Stage): Promise<Wire> {
  return until(async () => {
    const wire = connect(grpc);
    const { code } = await wire.call('ServerLive', {});
    if (code === 'OK') return wire;
    wire.close();
    return undefined;
  });
}
