/** What the source of a run becomes in its course: first whole chats, then other mappings and other privacy. */

export interface SourceUpdate {
  readonly name: string;
  /** What the manifest says beside what it has said from the start. */
  readonly manifest: object;
  /** Attributes that the mapping reads and that privacy keeps from leaving. */
  readonly keptBack: readonly string[];
}

export const SOURCE_UPDATES: readonly SourceUpdate[] = [
  { name: 'whole chats', manifest: { contents: 'full' }, keptBack: [] },
  {
    name: 'a field less, an expression, no user agent',
    manifest: {
      contents: 'full',
      mapping: [
        { destination: 'visitor_location', source: false },
        { destination: 'chatlio_email', expression: 'lower(visitorEmail)' },
      ],
      privacy: { drop: ['visitor.userAgent'] },
    },
    keptBack: ['userAgent'],
  },
  {
    name: "a field of Chatlio's own, no location",
    manifest: {
      contents: 'full',
      mapping: [
        { destination: 'visitor_page', source: 'visitor.currentPage' },
        { destination: 'archive_url', source: false },
      ],
      privacy: { drop: ['visitor.location'], redact: ['emails'] },
    },
    keptBack: ['visitorLocation'],
  },
];
