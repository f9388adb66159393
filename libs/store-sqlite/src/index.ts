export { openRows } from './open-rows.js';
export { importRows, readWhatCanBe } from './salvage.js';
