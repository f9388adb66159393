export { pictureOf } from '../../checkers/in-short.js';
