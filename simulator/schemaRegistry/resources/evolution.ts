/** Once a dataset uses a schema, its fields may only become more ("Basics of schema composition", schema evolution). */
import { isJsonObject, type JsonObject } from '../../values/json.js';

/**
 * Compares two resolved documents.
 *
 * @returns what is not additive: fields removed or of another type, new required fields; empty when all is well
 */
export function destructiveChanges(before: JsonObject, after: JsonObject, path = ''): readonly string[] {
  const changes: string[] = [];
  if (before['type'] !== after['type']) changes.push(`the type of ${path === '' ? 'the schema' : path} changes`);
  const wasRequired = requiredOf(before);
  for (const name of requiredOf(after)) {
    if (!wasRequired.includes(name)) changes.push(`${path}/${name} becomes required`);
  }
  const fieldsAfter = propertiesOf(after);
  for (const [name, field] of Object.entries(propertiesOf(before))) {
    const place = `${path}/${name}`;
    const fieldAfter = fieldsAfter[name];
    if (!isJsonObject(fieldAfter)) changes.push(`${place} is removed`);
    else if (isJsonObject(field)) changes.push(...destructiveChanges(field, fieldAfter, place));
  }
  const { items } = before;
  if (isJsonObject(items)) {
    const itemsAfter = after['items'];
    changes.push(...destructiveChanges(items, isJsonObject(itemsAfter) ? itemsAfter : {}, `${path}[]`));
  }
  return changes;
}

const propertiesOf = (node: JsonObject): JsonObject => (isJsonObject(node['properties']) ? node['properties'] : {});

const requiredOf = (node: JsonObject) => (Array.isArray(node['required']) ? node['required'].map(String) : []);
