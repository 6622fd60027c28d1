/** What a field of a person's own may be in XDM. */
export const XDM_TYPES = {
  string: { type: 'string' },
  date: { type: 'string', format: 'date' },
  'date-time': { type: 'string', format: 'date-time' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
} as const;

export type XdmType = keyof typeof XDM_TYPES;

export const XDM_TYPE_NAMES = Object.keys(XDM_TYPES) as [XdmType, ...XdmType[]];

export interface XdmField {
  /** Below the tenant's node: `loyalty.tier`, `tags[*]`, `cart[*].sku`. */
  readonly path: string;
  readonly type: XdmType;
  readonly title: string;
}
