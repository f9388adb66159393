export { openRows, type TakenOver } from './open-rows.js';
export { importRows, readWhatCanBe } from './salvage.js';
