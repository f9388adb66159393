import type { Composition } from './compose.js';

/**
 * What runs at present. Nest and the listeners live as long as the process; several Berths will compose the rest anew for each
 * term of a leader. A call asks for it once, at its beginning, so that all it uses is of one term.
 */
export class Running {
  constructor(private readonly present: () => Composition) {}

  get now(): Composition {
    return this.present();
  }
}
