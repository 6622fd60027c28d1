/**
 * Where the events of a source are. Each event that was taken is in exactly one part, so the parts add up to `taken`; one
 * word for each, the same in `status`, `watch`, `events tail`, the audit and the Temporal UI.
 */

export const EVENT_PARTS = [
  'waiting',
  'sending',
  'accepted',
  'lookedFor',
  'held',
  'abandoned',
  'replaced',
  'markedDelivered',
] as const;

export type EventPart = (typeof EVENT_PARTS)[number];

export type EventParts = Readonly<Record<EventPart, number>>;

export const PART_FACTS: Readonly<Record<EventPart, { readonly word: string; readonly meaning: string }>> = {
  waiting: { word: 'waiting', meaning: 'to be sent' },
  sending: { word: 'sending', meaning: 'sent, but not answered yet' },
  accepted: { word: 'accepted', meaning: 'the inlet has them' },
  lookedFor: { word: 'looked for', meaning: 'the inlet may have them; they are looked for in the lake' },
  held: { word: 'held', meaning: 'for a person to decide' },
  abandoned: { word: 'abandoned', meaning: 'by a person’s decision' },
  replaced: { word: 'replaced', meaning: 'delivered as another event' },
  markedDelivered: { word: 'marked delivered', meaning: 'by a person’s decision' },
};

/** As the store keeps an exception. */
export interface ExceptionStanding {
  readonly state: string;
  readonly nextAction: string | null;
  readonly resolution: string | null;
  /** The last one of a person. */
  readonly decision: string | null;
}

export function partOfException({ state, nextAction, resolution, decision }: ExceptionStanding): EventPart {
  if (state === 'sending' || state === 'held') return state;
  if (state === 'waiting') return nextAction === 'resend' ? 'waiting' : 'lookedFor';
  if (resolution === 'abandoned' || resolution === 'replaced') return resolution;
  return decision === 'mark-delivered' ? 'markedDelivered' : 'accepted';
}
