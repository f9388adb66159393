import type { Instant, Millis } from '#core';
import {
  LeaderSession,
  type MadeReport,
} from '../../../apps/scheduler/src/cluster/replication/leader-session.js';
import type { RouteEvent } from '../../../apps/scheduler/src/cluster/replication/route-event.js';
import type { Peer } from './peer.js';
import type { Scenery } from './scenery.js';

const TICK: Millis = 250;
const TICKS_A_SECOND = 4;
/** A leader that is silent for so long is asked for the table anew. */
const SILENT: Millis = 3_500;
/** A question for the table, and a report, are given up after so long. */
const OPENING: Millis = 1_500;
const REPORTING: Millis = 2_000;

/** What a peer has of the leader that it follows. */
interface Following {
  readonly to: string;
  readonly session: LeaderSession;
  close: () => void;
}

/** Keeps the table of a peer told by whichever other peer leads, over the simulated network. */
export class Follow {
  private following: Following | null = null;
  private ticks = 0;
  private isOpening = false;
  private isReporting = false;

  constructor(
    private readonly peer: Peer,
    private readonly scenery: Scenery,
  ) {}

  tick(): void {
    const { peer } = this;
    const now = peer.process.now();
    if ((this.ticks += 1) % TICKS_A_SECOND === 0) peer.own.tick(now);
    peer.looks?.tick();
    this.turn(now);
    this.pump();
    peer.process.after(TICK, () => this.tick());
  }

  /** To the peer that leads, where it is another one than before, or says nothing. */
  private turn(now: Instant): void {
    const { peer } = this;
    const leader = peer.leader();
    const { following } = this;
    if (following && (following.to !== leader?.name || now - following.session.lastHeardAt > SILENT))
      this.hangUp();
    if (!this.following && !this.isOpening && leader && leader !== peer && !peer.lead) this.open(leader);
  }

  /** The peer gives no more routes: its last report says so. */
  end(): void {
    const leader = this.peer.leader();
    if (leader && leader.name === this.following?.to)
      this.send(leader, this.following.session, this.following.session.next(this.peer.process.now(), true));
  }

  private hangUp(): void {
    this.following?.close();
    this.following = null;
  }

  private open(leader: Peer): void {
    const { peer, scenery } = this;
    const { own, process, name } = peer;
    const session = new LeaderSession(own.table, own.gateways, process.now());
    const following: Following = { to: leader.name, session, close: () => undefined };
    this.following = following;
    this.isOpening = true;
    process.after(OPENING, () => (this.isOpening = false));
    const have = own.table.isReceived ? own.table.version : null;
    const back = (run: () => void): void => scenery.network.send(leader.name, name, process, run);
    const stream = {
      write: (event: RouteEvent): void => back(() => this.hear(following, event)),
      end: (): void => back(() => this.ended(following)),
    };
    scenery.network.send(name, leader.name, leader.process, () => {
      if (have) leader.election.noteTerm(have.term);
      void leader.lead?.routeFeed.open(name, stream, have, '').then(
        (ended) => (following.close = () => scenery.network.send(name, leader.name, leader.process, ended)),
        () => undefined,
      );
    });
  }

  private hear(following: Following, event: RouteEvent): void {
    const { peer } = this;
    if (this.following !== following) return;
    following.session.hear(event, peer.process.now());
    peer.election.noteTerm(event.version.term);
    if (event.beat.isEnding) peer.election.expectRelease();
    this.pump();
  }

  private ended(following: Following): void {
    if (this.following === following) this.following = null;
  }

  /** One report at a time is under way. */
  pump(): void {
    const { following, peer } = this;
    const now = peer.process.now();
    if (!following || this.isReporting || !following.session.isDue(now)) return;
    const leader = peer.leader();
    if (leader?.name === following.to) this.send(leader, following.session, following.session.next(now));
  }

  private send(leader: Peer, session: LeaderSession, made: MadeReport): void {
    const { peer, scenery } = this;
    let isOver = false;
    const over = (hasArrived: boolean): void => {
      if (isOver) return;
      isOver = true;
      this.isReporting = false;
      cancel();
      if (!hasArrived) return session.failed();
      made.arrived();
      this.pump();
    };
    this.isReporting = true;
    const cancel = peer.process.after(REPORTING, () => over(false));
    scenery.network.send(peer.name, leader.name, leader.process, () => {
      if (!leader.lead) return;
      leader.lead.routeFeed.report(peer.name, made.report);
      scenery.network.send(leader.name, peer.name, peer.process, () => over(true));
    });
  }
}
