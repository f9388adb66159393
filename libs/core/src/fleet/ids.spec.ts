import { expect, it } from '@jest/globals';
import { type ModelId, partsOf, replicaId, type ServerId } from './ids.js';

it.each([
  ['resnet50', 'gpu-a'],
  ['team@resnet50', 'gpu-a'],
])('the parts of the name of a replica are those that it was made of: %s, %s', (model, server) => {
  expect(partsOf(replicaId(model as ModelId, server as ServerId))).toEqual({ model, server });
});
