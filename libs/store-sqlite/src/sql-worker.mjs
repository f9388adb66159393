// The thread that has the files of a store open: what it waits for keeps no request waiting. It is JavaScript, since it is
// started from the sources under Jest and from `dist/` otherwise. It knows SQLite, and nothing of what is in the tables.
import { closeSync, existsSync, openSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import Database from 'libsql';

/** What every connection is set to: a commit that was answered survives the loss of power, and a damaged page is noticed. */
const SETTINGS = [
  'journal_mode = DELETE',
  'synchronous = EXTRA',
  'cell_size_check = ON',
  'trusted_schema = OFF',
];

let db;
/** By their text: of the connection that is open. */
let prepared = new Map();

const WORK = {
  /** Opens a file, in place of the one that is open. */
  open({ path, mayMake, settings = [] }) {
    letGo();
    if (mayMake) makeOwn(path);
    if (!existsSync(path)) throw new Error(`${path} is gone`);
    db = new Database(path);
    for (const setting of [...SETTINGS, ...settings]) db.prepare(`PRAGMA ${setting}`).all();
  },

  /** Statements one after the other, each with its parameters. */
  run({ steps }) {
    for (const [sql, ...parameters] of steps) {
      if (parameters.length === 0) db.exec(sql);
      else statement(sql).run(parameters);
    }
  },

  /** The rows that a query finds, as lists of their columns, blobs as texts: the first ones, as many as have so many bytes. */
  all({ sql, parameters = [], mostBytes = Infinity }) {
    const rows = [];
    let bytes = 0;
    for (const row of db.prepare(sql).raw().iterate(parameters)) {
      rows.push(row.map(textOf));
      for (const column of row) bytes += column?.byteLength ?? 8;
      if (bytes >= mostBytes) break;
    }
    return rows;
  },

  close() {
    letGo();
  },
};

/** SQLite lets all users read what it makes; the journal takes the rights of its file. */
function makeOwn(path) {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
}

/** The texts are few: all are constants of ours. */
function statement(sql) {
  if (!prepared.has(sql)) prepared.set(sql, db.prepare(sql));
  return prepared.get(sql);
}

/** SQLite's own texts end at the first zero. */
function textOf(column) {
  if (column instanceof ArrayBuffer || ArrayBuffer.isView(column))
    return Buffer.from(column).toString('utf8');
  return column;
}

/** A connection lives on until its statements are collected: without the rollback it would keep its lock so long. */
function letGo() {
  const before = db;
  db = undefined;
  prepared = new Map();
  try {
    if (before?.inTransaction) before.exec('ROLLBACK');
  } catch {
    // What cannot be rolled back now is rolled back when the file is opened next.
  }
  before?.close();
}

parentPort.on('message', ({ id, kind, ...call }) => {
  try {
    if (db === undefined && (kind === 'run' || kind === 'all')) throw new Error('no file is open');
    parentPort.postMessage({ id, result: WORK[kind](call) });
  } catch (error) {
    parentPort.postMessage({ id, error: { code: error.code, message: error.message } });
  }
});

// The first message answers no call: it says that SQLite is loaded.
parentPort.postMessage({ id: 0 });
