/** In place of `#store-sqlite` in the package `berthctl`: packed for one platform alone, SQLite takes 4.1 MB beside 0.3. */
import { StoreUnusable } from '#store';

const ELSEWHERE =
  'this berthctl comes without SQLite: call the one of the clone or the image that has the store, such as ' +
  '`node tools/berthctl.mjs store check FOLDER` in the clone';

export const importRows = () => refuse();
export const readWhatCanBe = () => refuse();

function refuse() {
  throw new StoreUnusable('no_sqlite', ELSEWHERE);
}
