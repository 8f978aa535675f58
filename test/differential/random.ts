export { Random } from '../../scripts/support/random.js';
