import { type INestApplicationContext, Inject, type Provider, type Type } from '@nestjs/common';

/** What decides in a process while it leads: all of it is made anew for each term of leading. */
export interface Term {
  get<Part>(type: Type<Part>): Part;
  /** False: the lease is not renewed, and another process may have written since. */
  readonly mayAct: boolean;
}

/** The terms of a process, one after the other. */
export abstract class Terms {
  /** Null: this process does not lead. */
  abstract readonly leading: Term | null;
  /** Refuses with `no_leader` where this process does not lead. */
  abstract readonly now: Term;
  /**
   * For calls that read or write what is declared. Refuses also where the lease is not renewed: another process may have written
   * since.
   */
  abstract readonly certain: Term;
}

/**
 * One class of the present term, as `Terms` tells it. A call asks here once, before its first `await`: all that the class uses is of
 * its own term.
 */
export class PerTerm<Part> {
  constructor(
    private readonly terms: Terms,
    private readonly type: Type<Part>,
  ) {}

  get leading(): Part | null {
    return this.terms.leading?.get(this.type) ?? null;
  }

  get now(): Part {
    return this.terms.now.get(this.type);
  }

  get certain(): Part {
    return this.terms.certain.get(this.type);
  }
}

const providers = new Map<Type, { readonly provide: symbol } & Provider>();

/** Has Nest hand a constructor the `PerTerm` of a class. */
export function OfTerm(type: Type): ParameterDecorator {
  const known = providers.get(type);
  const provide = known?.provide ?? Symbol(`PerTerm<${type.name}>`);
  if (!known)
    providers.set(type, { provide, inject: [Terms], useFactory: (terms: Terms) => new PerTerm(terms, type) });
  return Inject(provide);
}

/** The `PerTerm` of each class that a constructor asks for. */
export const perTermProviders = (): Provider[] => [...providers.values()];

/** Throws where a term lacks a class that a constructor asks for, before any call does. */
export function checkProvided(term: Pick<INestApplicationContext, 'get'>): void {
  for (const type of providers.keys()) term.get(type, { strict: false });
}
