/** What `doctor` says where a namespace lacks search attributes: the worker waits for them, or sources are not found by one. */
import { codedError } from '../../domain/errors.js';
import type { Finding } from '../../domain/source/plan.js';
import { missingAttributes, SEARCH_ATTRIBUTE_NAMES } from '../../domain/source/searchAttributes.js';
import type { Sources } from '../../temporal/sources/port.js';

/** Nothing where there are all. */
export async function attributesFinding(sources: Sources): Promise<Finding[]> {
  const missing = await sources.unknownSearchAttributes();
  if (missing.length === 0) return [];
  const { error } = codedError('CAEP_SEARCH_ATTRIBUTES_MISSING', missingAttributes(sources.namespace, missing));
  const isNeeded = missing.some((name) => SEARCH_ATTRIBUTE_NAMES.includes(name));
  return [{ check: 'search attributes', state: isNeeded ? 'failed' : 'warning', detail: '', error }];
}
