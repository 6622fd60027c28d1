import { expect, it } from 'vitest';
import { SEARCH_ATTRIBUTE_NAMES } from '../../src/domain/source/searchAttributes.js';
import { withTemporal } from './temporal.js';

const temporal = withTemporal();

it('gives a server that knows the search attributes', async () => {
  const { connection } = temporal().client;
  const { customAttributes } = await connection.operatorService.listSearchAttributes({
    namespace: temporal().namespace,
  });
  expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining([...SEARCH_ATTRIBUTE_NAMES]));
});
