import type { ServerId } from '#core';
import type { Leader } from '#engine';
import type { RouteEvent } from '../watching/route-event.js';
import type { Candidate } from '../reigns/peers.js';
import { LeaderClient, type LeaderClientParts } from './leader-client.js';
import type { StaleLooks } from './stale-looks.js';

/** So often it is seen to what is due. */
const TICK_MS = 250;

/** What a follower is made of. */
export interface FollowerParts extends Omit<LeaderClientParts, 'onEvent'> {
  readonly candidate: Candidate;
  /** Null: routes that are out of date are not given. */
  readonly looks: StaleLooks | null;
}

/** Keeps the table of this process told by whichever other peer leads. */
export class Follower {
  private client: LeaderClient | null = null;
  private leader: Leader | null = null;
  private isClosed = false;
  private readonly timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: FollowerParts) {
    const { candidate, looks } = parts;
    candidate.follow((leader) => this.turnTo(leader));
    this.turnTo(candidate.present);
    if (looks) this.timer = setInterval(() => looks.tick(), TICK_MS);
  }

  /** The leader is to hear that callers have just failed on these servers. */
  doubt(servers: readonly ServerId[]): void {
    this.client?.doubt(servers);
  }

  /** Tells the leader that this peer gives no more routes. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.timer);
    this.parts.looks?.close();
    await this.client?.close(true);
  }

  /** A table that was told stays: it is good until it is out of date. */
  private turnTo(leader: Leader | null): void {
    if (this.isClosed || isSame(this.leader, leader)) return;
    this.leader = leader;
    void this.client?.close(false);
    const isOther = leader !== null && leader.peer !== this.parts.name;
    this.client = isOther ? this.clientOf(leader) : null;
  }

  private clientOf(leader: Leader): LeaderClient | null {
    const { candidate, looks: _, ...parts } = this.parts;
    const onEvent = ({ version, beat }: RouteEvent): void => {
      candidate.noteTerm(version.term);
      if (beat.isEnding) candidate.expectRelease();
    };
    try {
      return new LeaderClient(leader, { ...parts, onEvent });
    } catch (error) {
      parts.log.warn(
        { err: error },
        'the leader that Redis names is not asked: see which peer wrote its lease',
      );
      return null;
    }
  }
}

const KEYS = ['term', 'peer', 'grpc', 'http'] as const;

const isSame = (one: Leader | null, other: Leader | null): boolean =>
  KEYS.every((key) => one?.[key] === other?.[key]);
