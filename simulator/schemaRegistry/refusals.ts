/** Refusals of the Schema Registry; codes and texts as its error catalogue has them. */
import { Refusal } from '../errorFamilies.js';
import type { StoredRegistryResource } from '../state/stored.js';

function refusal(code: string, title: string, detail: string): Refusal {
  return new Refusal({ status: Number(code.slice(-3)), code, title, detail });
}

const NOT_FOUND_CODES = {
  classes: 'XDM-1010-404',
  mixins: 'XDM-1011-404',
  schemas: 'XDM-1012-404',
  datatypes: 'XDM-1013-404',
  descriptors: 'XDM-1014-404',
  behaviors: 'XDM-1016-404',
} as const;

export type RegistryKind = keyof typeof NOT_FOUND_CODES;

const KIND_NAMES: Readonly<Record<RegistryKind, string>> = {
  classes: 'class',
  mixins: 'mixin',
  schemas: 'schema',
  datatypes: 'datatype',
  descriptors: 'descriptor',
  behaviors: 'behavior',
};

export function notFound(kind: RegistryKind, id: string, version = '1'): Refusal {
  const detail = `The requested ${KIND_NAMES[kind]} resource ${id} with version ${version} is not found.`;
  return refusal(NOT_FOUND_CODES[kind], 'Resource not found', detail);
}

export function acceptInvalid(code: 1006 | 1007 | 1008 | 1009, accept: string | undefined): Refusal {
  const hint =
    code === 1007 ? 'application/vnd.adobe.{xed|xdm}+json; version=1' : 'application/vnd.adobe.{xed|xdm}+json';
  const detail = `The supplied Accept header is not valid: ${accept ?? ''} - A valid Accept value should look like ${hint}`;
  return refusal(`XDM-${code}-400`, 'Accept header invalid', detail);
}

export function titleTaken(holder: StoredRegistryResource): Refusal {
  const detail = `Object titles must be unique. An object ${holder.id} already exists with the same title`;
  return refusal('XDM-1521-400', 'Title not unique', detail);
}

export function namespaceInvalid(tenantId: string): Refusal {
  const detail = `A custom field is defined under an invalid namespace. All custom fields must be defined under a top-level field named ${tenantId}.`;
  return refusal('XDM-1021-400', 'Namespace validation error', detail);
}

export function fieldNameInvalid(code: string, name: string): Refusal {
  const detail = `The field name ${name} is not valid. Names hold letters, digits, dashes and underscores and do not begin with an underscore.`;
  return refusal(code, 'Namespace validation error', detail);
}

export const invalid = (code: string, detail: string) => refusal(code, 'Schema validation error', detail);
export const referenceInvalid = (code: string, detail: string) => refusal(code, 'Reference validation error', detail);
export const inUse = (code: string, detail: string) => refusal(code, 'Resource in use', detail);
export const destructive = (code: string, detail: string) => refusal(code, 'Destructive change not allowed', detail);
export const descriptorInvalid = (code: string, detail: string) => refusal(code, 'Descriptor validation error', detail);
