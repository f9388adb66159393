import { Inject, Injectable } from '@nestjs/common';
import { type Checked, type ConfigError, dependencyCycle, readModelSpec, readPin } from '#config';
import type { Fleet, ModelId, ServerId, Supposition, TenantId } from '#core';
import { type BrokenRule, invalid, Refused } from '../../transport/errors/refused.js';
import { Catalog } from '../models/catalog.js';
import { coreModel } from '../models/core-model.js';
import { type Entry, isDeclared } from '../models/layers.js';
import { apartPin, beside, told } from '../models/model-writes.js';
import { sure } from '../models/no-server-yet.js';
import type { PlanRequest } from './plan-request.js';
import { Engine } from '#engine';
import { Registry } from '../servers/registry.js';
import { WallTimes } from '../../transport/wall-times.js';

/** Reads what is supposed: names that must be known, and models that are declared as the API would declare them. */
@Injectable()
export class Suppositions {
  constructor(
    @Inject(Catalog) private readonly catalog: Catalog,
    @Inject(Engine) private readonly engine: Engine,
    @Inject(Registry) private readonly registry: Registry,
    @Inject(WallTimes) private readonly times: WallTimes,
  ) {}

  /** Refuses what is empty, breaks a rule or names what is unknown, and says where. `tenant` asks for what is asked for. */
  of({ models, pins, lost, drained, asked }: Omit<PlanRequest, 'withinMs'>, tenant: string): Supposition {
    const { catalog, engine, registry, times } = this;
    const isKnown = (name: string): boolean =>
      isDeclared(catalog.entry(name)) || engine.fleet.models.has(name as ModelId);
    const reading = new Reading(catalog, isKnown);
    for (const [name, spec] of Object.entries(models)) reading.declare(name, spec);
    for (const [name, pin] of Object.entries(pins)) reading.pin(name, pin);
    for (const [at, name] of asked.entries()) reading.expectModel(name, `asked[${at}]`);
    for (const [at, id] of lost.entries()) reading.expectServer(registry.get(id), id, `lost[${at}]`);
    for (const [at, id] of drained.entries()) {
      const path = `drained[${at}]`;
      reading.expectServer(registry.get(id), id, path);
      if (lost.includes(id)) reading.broken.push({ path, rule: 'must not be lost too' });
    }
    reading.check(catalog.declared(), engine.fleet);
    const entries = [...reading.entries.values()];
    if (entries.length + lost.length + drained.length + asked.length === 0) throw invalid([EMPTY]);
    return {
      models: entries.map((entry) => coreModel(entry, times)),
      lost: [...new Set(lost)] as ServerId[],
      drained: [...new Set(drained)] as ServerId[],
      asked: [...new Set(asked)] as ModelId[],
      tenant: tenant as TenantId,
    };
  }
}

const EMPTY = { path: '', rule: 'must suppose something: models, pins, lost, drained or asked' };

/** What was read so far of one supposition, and what is wrong with it. */
class Reading {
  readonly entries = new Map<string, Entry>();
  readonly broken: BrokenRule[] = [];
  private readonly unknown: (BrokenRule & { readonly kind: 'model' | 'server'; readonly name: string })[] =
    [];

  constructor(
    private readonly catalog: Catalog,
    private readonly isKnown: (name: string) => boolean,
  ) {}

  declare(name: string, spec: unknown): void {
    const entry = this.catalog.entry(name);
    const pin = apartPin(entry.told, spec);
    const read = this.accepted(keyed('models', name), readModelSpec(name, spec, beside(entry, pin)));
    if (read) this.entries.set(name, this.catalog.entryWith(name, told(entry, read, pin)));
  }

  pin(name: string, body: { readonly copies: number }): void {
    const path = keyed('pins', name);
    if (!this.expectModel(name, path)) return;
    const entry = this.entries.get(name) ?? this.catalog.entry(name);
    const read = this.accepted(path, readPin(body, entry.effective.copies.max));
    if (!read) return;
    if (!entry.effective.enabled)
      this.broken.push({ path, rule: 'must not be of a model with enabled: false' });
    const pin = { copies: read.copies, until: null };
    this.entries.set(name, this.catalog.entryWith(name, told(entry, entry.told?.spec ?? null, pin)));
  }

  /** A model that is itself supposed is known. */
  expectModel(name: string, path: string): boolean {
    if (this.entries.has(name) || this.isKnown(name)) return true;
    this.unknown.push({ kind: 'model', name, path, rule: 'must be a model that is declared or found' });
    return false;
  }

  expectServer(entry: unknown, name: string, path: string): void {
    if (entry !== undefined) return;
    this.unknown.push({ kind: 'server', name, path, rule: 'must be a server that is declared' });
  }

  /** Throws where anything is wrong: a broken rule before an unknown name, and all of them at once. */
  check(declared: readonly Entry[], fleet: Readonly<Fleet>): void {
    this.checkDependencies(declared);
    const errors = [...this.broken, ...this.unknown.map(({ path, rule }) => ({ path, rule }))];
    if (this.broken.length > 0) throw invalid(errors);
    const [first] = this.unknown;
    if (!first) return;
    const { kind, name, path } = first;
    const detail = `${path}: no ${kind} ${name} is ${kind === 'model' ? 'declared or found' : 'declared'}`;
    const refused = new Refused({ reason: `unknown_${kind}`, detail, errors, members: { [kind]: name } });
    throw kind === 'model' ? sure(fleet, refused) : refused;
  }

  private checkDependencies(declared: readonly Entry[]): void {
    const all = new Map([...declared.map((entry) => [entry.name, entry] as const), ...this.entries]);
    const cycle = dependencyCycle(
      new Map([...all].map(([name, { effective }]) => [name, effective.dependsOn])),
    );
    const name = cycle?.find((one) => this.entries.has(one));
    if (!cycle || name === undefined) return;
    const rule = `must not lead back to itself: ${cycle.join(' -> ')}`;
    this.broken.push({ path: `${keyed('models', name)}.dependsOn`, rule });
  }

  private accepted<Value>(under: string, checked: Checked<Value>): Value | undefined {
    if (checked.ok) return checked.value;
    this.broken.push(...checked.errors.map((error) => placed(under, error)));
    return undefined;
  }
}

/** `models.resnet50`, `models["bert.large"]`. */
const keyed = (map: string, name: string): string =>
  /^[A-Za-z0-9_-]+$/.test(name) ? `${map}.${name}` : `${map}[${JSON.stringify(name)}]`;

const placed = (under: string, { path, rule }: ConfigError): BrokenRule => ({
  path: path === '' ? under : `${under}${path.startsWith('[') ? '' : '.'}${path}`,
  rule,
});
