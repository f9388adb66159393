import type { Instant, ModelId, ReplicaId, RouteRow, RouteSource } from '#core';

/** A row of a table. */
export interface TableRow extends RouteRow {
  /** The uses of a table are kept beside it. */
  readonly lastUse: Instant;
  /** The snapshot that told it last. */
  readonly snapshot: number;
}

/** The rows of a table by replica and by model, to be picked from. */
export class RouteRows implements RouteSource<TableRow, TableRow> {
  private readonly byReplica = new Map<ReplicaId, TableRow>();
  readonly all: ReadonlyMap<ReplicaId, TableRow> = this.byReplica;
  private readonly byModel = new Map<ModelId, TableRow[]>();

  /** `mayGive` says whether a route to a row may be given at this moment. */
  constructor(private readonly mayGive: (row: TableRow) => boolean) {}

  put(row: TableRow): void {
    const rows = this.byModel.get(row.model);
    const at = rows?.findIndex(({ id }) => id === row.id) ?? -1;
    if (!rows) this.byModel.set(row.model, [row]);
    else if (at < 0) rows.push(row);
    else rows[at] = row;
    this.byReplica.set(row.id, row);
  }

  /** Says whether there was such a row. */
  delete(id: ReplicaId): boolean {
    const row = this.byReplica.get(id);
    if (!row) return false;
    this.byReplica.delete(id);
    const others = this.byModel.get(row.model)!.filter((one) => one !== row);
    if (others.length === 0) this.byModel.delete(row.model);
    else this.byModel.set(row.model, others);
    return true;
  }

  copiesOf(model: ModelId): readonly TableRow[] | undefined {
    return this.byModel.get(model);
  }

  routable(row: TableRow): TableRow | undefined {
    return this.mayGive(row) ? row : undefined;
  }

  isFailing(row: TableRow): boolean {
    return row.isFailing;
  }

  isEnding(row: TableRow): boolean {
    return row.isEnding;
  }
}
