import {
  type Action,
  type ActionOf,
  emptyFleet,
  type Event,
  type Fleet,
  type ModelId,
  type ReplicaId,
} from '#core';
import { aModel, aRequest, aServer } from '../support/builders.js';
import { Shelf } from '../support/shelf.js';
import { TurnPromises } from './promises.js';
import { decide } from '../support/decide.js';

/** The one server of each story. */
export const S = aServer('s').id;
/** What most stories load. */
export const HERE = 'here@s' as ReplicaId;

/** Changes the fleet or the decisions of a turn before the checkers see them. */
type Tamper = (fleet: Fleet, actions: readonly Action[]) => readonly Action[];
const untouched: Tamper = (_, actions) => actions;

/** A real history of a small fleet, of which one turn is forged: the checkers must say what is wrong with it. */
export class Story {
  readonly fleet: Fleet = emptyFleet();
  readonly found: string[] = [];
  readonly marks: string[] = [];
  now = 1_000;
  private readonly promises = new TurnPromises(emptyFleet(), {
    expect: (isKept, promise) => {
      if (!isKept) this.found.push(promise());
    },
    mark: (name) => void this.marks.push(name),
  });

  /** One server in reach, and a model that is not loaded there yet. */
  static beforeLoading(): Story {
    const story = new Story();
    story.turn([
      { kind: 'ServerDeclared', server: aServer('s', [10]) },
      { kind: 'ModelDeclared', model: aModel('here') },
      { kind: 'ContactChanged', server: S, fact: 'connected' },
    ]);
    story.look({ here: '' });
    return story;
  }

  /** Takes a turn of the core's, forged before the checkers see it. */
  turn(events: readonly Event[], tamper: Tamper = untouched): readonly Action[] {
    const decided = decide(this.fleet, events, this.now);
    const actions = tamper(this.fleet, decided);
    this.promises.turnTaken({ events, actions, now: this.now }, this.fleet);
    return actions;
  }

  /** @param failed how many inferences of each have failed so far. */
  look(
    states: Readonly<Record<string, 'READY' | ''>>,
    tamper?: Tamper,
    failed = 0,
    server = S,
  ): readonly Action[] {
    this.now += 1;
    const shelf = new Shelf();
    shelf.gpus = null;
    for (const [model, state] of Object.entries(states)) {
      shelf.set(model, state);
      shelf.served.set(model as ModelId, { succeeded: 0, failed, lastInference: 0 });
    }
    const look = shelf.look(this.now, 'full', true);
    return this.turn([{ kind: 'Looked', server, look }], tamper);
  }

  ask(model: string, tamper?: Tamper): readonly Action[] {
    this.now += 1;
    const request = aRequest(`r${this.now}`, model, this.now);
    return this.turn([{ kind: 'RequestArrived', request }], tamper);
  }

  loaded(load: ActionOf<'load'>, tamper?: Tamper): readonly Action[] {
    this.now += 1;
    const { order, replica } = load;
    return this.turn(
      [{ kind: 'LoadEnded', order, replica, outcome: { kind: 'succeeded', versions: ['1'] } }],
      tamper,
    );
  }

  time(millis: number, tamper?: Tamper): readonly Action[] {
    this.now += millis;
    return this.turn([], tamper);
  }
}

/** An order that the core did not decide. */
export const unload = (order: string): Action => ({
  kind: 'unload',
  order: order as never,
  replica: HERE,
  model: 'here' as ModelId,
  server: S,
  cause: 'idle',
  makesRoomFor: null,
});

/** As the core would, were it wrong: from all indexes. */
export function forget({ replicas, unsettled, holders, residents }: Fleet, id: ReplicaId): void {
  replicas.delete(id);
  unsettled.delete(id);
  holders.clear();
  residents.clear();
}
