/** Fields of the event by which a visitor may be known. */
export const IDENTITY_FIELDS = ['visitorUUID', 'visitorEmail', 'visitorUserId', 'visitorHandle'] as const;

export const IDENTITY_EXPECTED = `one of ${IDENTITY_FIELDS.join(', ')}, or a field of xdm.fields`;
