import type { Logger } from 'pino';
import type { Fleet, Move, ReplicaId } from '#core';
import type { Observer, Turn } from '#engine';

/** One line for each copy that is moved to make room, and one for each that stays after all. */
export class MoveLog implements Observer {
  private readonly told = new Map<ReplicaId, Move>();

  constructor(private readonly log: Logger) {}

  turnTaken(_turn: Turn, { moves, replicas }: Fleet): void {
    for (const [id, move] of moves) if (this.told.get(id) !== move) this.tell(id, move);
    for (const [id, { to, for: newcomer }] of this.told) {
      if (moves.has(id)) continue;
      this.told.delete(id);
      if (replicas.get(id)?.phase !== 'ready') continue;
      this.log.info({ replica: id, to, for: newcomer }, `${id} stays: its move to ${to} came to nothing`);
    }
  }

  private tell(id: ReplicaId, move: Move): void {
    this.told.set(id, move);
    const { to, for: newcomer } = move;
    this.log.info({ replica: id, to, for: newcomer }, `moving ${id} to ${to}, to make room for ${newcomer}`);
  }
}
