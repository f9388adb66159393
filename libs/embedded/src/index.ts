export { openRows, type TakenOver } from './open-rows.js';
