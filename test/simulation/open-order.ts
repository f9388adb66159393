/** The life of an order that no living Berth has sent over a connection it still has. */
export const NOBODY = 0;

/** An order of Berth's in work at a server. */
export interface OpenOrder {
  readonly kind: 'load' | 'unload';
  readonly model: string;
  /** Which life of Berth sent it; `NOBODY` once it has died, or has forgotten the server. */
  readonly life: number;
  readonly orderedAt: number;
}

/** How the reply to an order goes astray: nothing comes, or the connection breaks when it should. */
export type LostReply = 'silence' | 'break';
