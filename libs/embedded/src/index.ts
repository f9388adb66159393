export { openRows } from './open-rows.js';
