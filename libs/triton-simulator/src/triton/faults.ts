import { z } from 'zod';

const ms = z.number().min(0).max(86_400_000);
const bytes = z
  .number()
  .int()
  .min(0)
  .max(2 ** 50);
const model = z.string().min(1).max(256);
const on = z.boolean().optional();

/** What may go wrong, in the form in which the admin port takes it. */
const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('kill') }),
  z.strictObject({ kind: z.literal('start') }),
  z.strictObject({ kind: z.literal('restart'), downMs: ms.optional() }),
  z.strictObject({ kind: z.literal('terminate') }),
  z.strictObject({ kind: z.literal('clear') }),
  z.strictObject({ kind: z.literal('indexDelay'), ms }),
  z.strictObject({ kind: z.literal('commonHandlerDelay'), ms }),
  z.strictObject({ kind: z.literal('stuckLoad'), model, on }),
  z.strictObject({ kind: z.literal('stuckUnload'), model, on }),
  z.strictObject({ kind: z.literal('loadSlow'), model, ms }),
  z.strictObject({ kind: z.literal('loadFails'), model, text: z.string().max(4096) }),
  z.strictObject({
    kind: z.literal('replyLost'),
    call: z.enum(['load', 'unload']),
    how: z.enum(['silence', 'connectionError']).optional(),
  }),
  z.strictObject({ kind: z.literal('oomKillsProcess'), on }),
  z.strictObject({ kind: z.literal('deadModel'), model }),
  z.strictObject({ kind: z.literal('deadInstance'), model }),
  z.strictObject({ kind: z.literal('memoryBackLate'), ms }),
  z.strictObject({ kind: z.literal('residue'), model, bytes }),
  z.strictObject({ kind: z.literal('wrongMode'), mode: z.enum(['none', 'poll', 'explicit']).optional() }),
  z.strictObject({
    kind: z.literal('restrict'),
    key: z.string().min(1).max(128).optional(),
    value: z.string().max(1024).optional(),
  }),
  z.strictObject({ kind: z.literal('foreignMemory'), device: z.number().int().min(0), bytes }),
  z.strictObject({ kind: z.literal('metricsDown'), on }),
  z.strictObject({
    kind: z.literal('callFails'),
    call: z.enum(['statistics', 'index']),
    times: z.number().int().min(0).max(100).optional(),
  }),
  z.strictObject({ kind: z.literal('ordersOvertake'), on }),
  z.strictObject({ kind: z.literal('unloadsCrash'), on }),
  z.strictObject({ kind: z.literal('takesLate'), on }),
]);

/**
 * One fault. `on: false`, 0 ms, 0 bytes, 0 times and an empty text end it; `clear` ends all. `deadModel` hits the copies
 * that are READY now, `deadInstance` one instance of each, `replyLost` the next call; `kill` lasts until `start`.
 *
 * What the real server does only sometimes is a fault, too. `callFails` fails so many of the next calls (default 1):
 * of the index as while directories are deleted, of all statistics only while a model is UNLOADING. `ordersOvertake` serves
 * the newest of the orders that wait for one model first. `unloadsCrash` ends the process as `at-once.ts` says. `takesLate` carries
 * out orders that are read only after their callers have given up; else those are dropped.
 */
export type Fault = z.input<typeof faultSchema>;

/** Checks a fault that came from outside; the problem names the field and the rule. */
export function parseFault(value: unknown): { readonly fault: Fault } | { readonly problem: string } {
  const parsed = faultSchema.safeParse(value);
  if (parsed.success) return { fault: parsed.data };
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  return { problem: problems.join('; ') };
}

/** How a reply goes astray: nothing comes, or the connection breaks when it should. */
export type LostReply = 'silence' | 'connectionError';

/** The calls that may fail for once, and leave the server as it was. */
export type FailingCall = 'statistics' | 'index';

/** The faults that are switched on now. They outlive the server's process. */
export class FaultSwitches {
  indexDelayMs = 0;
  commonHandlerDelayMs = 0;
  memoryBackLateMs = 0;
  oomKillsProcess = false;
  metricsDown = false;
  ordersOvertake = false;
  unloadsCrash = false;
  takesLate = false;
  mode: 'none' | 'poll' | 'explicit' | undefined;
  restriction: { readonly key: string; readonly value: string } | undefined;
  readonly stuckLoads = new Set<string>();
  readonly stuckUnloads = new Set<string>();
  readonly slowLoadMs = new Map<string, number>();
  readonly failingLoads = new Map<string, string>();
  readonly residueBytes = new Map<string, number>();
  private readonly failingCalls: Record<FailingCall, number> = { statistics: 0, index: 0 };
  private readonly lostReplies: { call: 'load' | 'unload'; how: LostReply }[] = [];

  /** How the reply to this call is lost, once for every fault that asked for it. */
  takeLostReply(call: 'load' | 'unload'): LostReply | undefined {
    const at = this.lostReplies.findIndex((lost) => lost.call === call);
    return at < 0 ? undefined : this.lostReplies.splice(at, 1)[0]?.how;
  }

  /** Whether this call fails, once for every time that was asked for. */
  takeFailure(call: FailingCall): boolean {
    if (this.failingCalls[call] === 0) return false;
    this.failingCalls[call] -= 1;
    return true;
  }

  /** Ends every switched fault. */
  clear(): void {
    const fresh = new FaultSwitches();
    for (const set of [this.stuckLoads, this.stuckUnloads]) set.clear();
    for (const map of [this.slowLoadMs, this.failingLoads, this.residueBytes]) map.clear();
    this.lostReplies.length = 0;
    Object.assign(this.failingCalls, fresh.failingCalls);
    Object.assign(this, {
      indexDelayMs: fresh.indexDelayMs,
      commonHandlerDelayMs: fresh.commonHandlerDelayMs,
      memoryBackLateMs: fresh.memoryBackLateMs,
      oomKillsProcess: fresh.oomKillsProcess,
      metricsDown: fresh.metricsDown,
      ordersOvertake: fresh.ordersOvertake,
      unloadsCrash: fresh.unloadsCrash,
      takesLate: fresh.takesLate,
      mode: undefined,
      restriction: undefined,
    });
  }

  /** Switches a fault; those that act on a process at once are not for here. */
  apply(fault: Fault): void {
    switch (fault.kind) {
      case 'indexDelay':
        this.indexDelayMs = fault.ms;
        return;
      case 'commonHandlerDelay':
        this.commonHandlerDelayMs = fault.ms;
        return;
      case 'memoryBackLate':
        this.memoryBackLateMs = fault.ms;
        return;
      case 'oomKillsProcess':
        this.oomKillsProcess = fault.on !== false;
        return;
      case 'metricsDown':
        this.metricsDown = fault.on !== false;
        return;
      case 'wrongMode':
        this.mode = fault.mode ?? 'none';
        return;
      case 'restrict':
        this.restriction = fault.key === undefined ? undefined : { key: fault.key, value: fault.value ?? '' };
        return;
      default:
        this.applyToCalls(fault);
    }
  }

  private applyToCalls(fault: Fault): void {
    switch (fault.kind) {
      case 'replyLost':
        this.lostReplies.push({ call: fault.call, how: fault.how ?? 'silence' });
        return;
      case 'callFails':
        this.failingCalls[fault.call] = fault.times ?? 1;
        return;
      case 'ordersOvertake':
        this.ordersOvertake = fault.on !== false;
        return;
      case 'unloadsCrash':
        this.unloadsCrash = fault.on !== false;
        return;
      case 'takesLate':
        this.takesLate = fault.on !== false;
        return;
      default:
        this.applyToModel(fault);
    }
  }

  private applyToModel(fault: Fault): void {
    switch (fault.kind) {
      case 'stuckLoad':
        return setMember(this.stuckLoads, fault.model, fault.on !== false);
      case 'stuckUnload':
        return setMember(this.stuckUnloads, fault.model, fault.on !== false);
      case 'loadSlow':
        return void this.slowLoadMs.set(fault.model, fault.ms);
      case 'loadFails':
        return void this.failingLoads.set(fault.model, fault.text);
      case 'residue':
        return void this.residueBytes.set(fault.model, fault.bytes);
      default:
        throw new Error(`fault ${fault.kind} is not a switch`);
    }
  }
}

function setMember(set: Set<string>, member: string, isIn: boolean): void {
  if (isIn) set.add(member);
  else set.delete(member);
}
