/** The part of JSON Schema that XDM documents use. */
export interface XdmSchema {
  readonly $id?: string;
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array';
  readonly format?: string;
  readonly enum?: readonly (string | number | boolean)[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, XdmSchema>>;
  /** A map of any keys, as `identityMap` is one. */
  readonly additionalProperties?: boolean | XdmSchema;
  readonly items?: XdmSchema;
  readonly allOf?: readonly XdmSchema[];
  readonly definitions?: Readonly<Record<string, XdmSchema>>;
  readonly [keyword: string]: unknown;
}
