import { FakeNames } from '../support/fake-names.js';
import { contractOfNames } from './names.js';

contractOfNames('the fake', () => {
  const names = new FakeNames();
  return Promise.resolve({
    names,
    publish: (zone) => Promise.resolve(names.publish(zone)),
    die: () => Promise.resolve(names.fail('refused')),
    close: () => Promise.resolve(),
  });
});
