import { expect, it } from '@jest/globals';
import { Semaphore } from './semaphore.js';

it('places are so many at a time, and one that is given back twice is one', () => {
  const places = new Semaphore(2, { reason: 'busy' });
  const give = places.take();
  places.take();
  expect(() => places.take()).toThrow(expect.objectContaining({ facts: { reason: 'busy' } }));
  give();
  give();
  places.take();
  expect(() => places.take()).toThrow('busy');
});
