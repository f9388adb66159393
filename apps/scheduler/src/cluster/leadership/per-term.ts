import { Inject, type Provider, type Type } from '@nestjs/common';
import type { ServerId } from '#core';
import { Engine } from '#engine';
import { Refused } from '../../transport/errors/refused.js';
import { type Lifecycle, NO_LEADER, SHUTTING_DOWN } from '../../transport/lifecycle.js';
import { RouteFeed } from '../replication/route-feed.js';
import type { Following } from './following.js';

/** What decides in a process while it leads: all of it is made anew for each term of leading. */
export interface Term {
  get<Part>(type: Type<Part>): Part;
  /** False: the lease is not renewed, and another process may have written since. */
  readonly mayAct: boolean;
}

/** The terms of this process, one after the other, and what it follows by between them. */
export class Terms {
  /** The present term; null: this process does not lead. */
  leading: Term | null = null;
  /** What answers where this process does not lead, and what forwards; null: this process has no peers. It outlives terms. */
  following: Following | null = null;

  constructor(
    /** Of the process. */
    private readonly lifecycle: Pick<Lifecycle, 'isEnding'>,
    /** Whether there are other peers: then this process may come to follow one. */
    readonly hasPeers = false,
  ) {}

  /** Refuses with `no_leader` where this process does not lead. */
  get now(): Term {
    if (this.leading !== null) return this.leading;
    throw new Refused(this.lifecycle.isEnding ? SHUTTING_DOWN : NO_LEADER);
  }

  /**
   * For calls that read or write what is declared. Refuses also where the lease is not renewed: another process may have written
   * since.
   */
  get certain(): Term {
    if (this.now.mayAct) return this.now;
    throw new Refused({ ...NO_LEADER, detail: 'held' });
  }

  /** The leader is to hear that callers have just failed on these servers. */
  doubt(servers: readonly ServerId[]): void {
    if (this.leading) this.leading.get(Engine).report({ kind: 'ServersDoubted', servers });
    else this.following?.doubt(servers);
  }

  /** Unloads may have waited for a gateway that watches this process, and wait for it no more. */
  gatewayAcknowledged(): void {
    if (this.leading) this.leading.get(RouteFeed).gatewayAcknowledged();
    else this.following?.gatewayAcknowledged();
  }
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

/** The classes of a term that constructors ask for. */
export const askedOfTerms = (): Type[] => [...providers.keys()];
