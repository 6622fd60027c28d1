/** Events that Adobe refused after the inlet had accepted them: they are in failed batches of the dataset. */
import type { AdobeClients } from '../../adobe/clients.js';
import { isAdobeCode } from '../../domain/delivery/flowRuns.js';
import type { Refusal } from '../../domain/exceptions/lookUp.js';

interface FailedEvents {
  /** Of the sought ones, lower case hex: where each was refused. */
  readonly found: ReadonlyMap<string, readonly Refusal[]>;
  /** Batches that do not say of every record which event it was: one that was not found may be in them. */
  readonly unread: readonly string[];
}

type Clients = Pick<AdobeClients, 'catalog' | 'dataAccess'>;

export interface FailedBatches {
  /**
   * @param since the oldest attempt that is looked for
   * @param openForMs how long before that a batch may have been made that took the event: Adobe opens one, and fills it
   */
  read(
    clients: Clients,
    looked: { readonly datasetId: string; readonly since: Date; readonly openForMs: number },
    sought: ReadonlySet<string>,
  ): Promise<FailedEvents>;
}

type Why = Omit<Refusal, 'batchId'>;

interface Contents {
  readonly events: ReadonlyMap<string, Why>;
  readonly isWhole: boolean;
}

/** "`status`: failed"; Catalog's documentation uses `failure` as a value too. */
const FAILED_STATUSES = ['failed', 'failure'];
/** Ours carry the id as `_id` or `eventId`; wherever it stands, 64 hexadecimal digits are nothing else. */
const EVENT_ID = /\b[0-9a-f]{64}\b/g;
/** Catalog's clock and ours. */
const CLOCK_MARGIN_MS = 300_000;
/** Some 20 MB. */
const MAX_REMEMBERED_IDS = 200_000;

/** Of each batch; what refuses the first records of a batch refuses the others. */
const WORDS_REMEMBERED = 20;
const LONGEST_WORDS = 2_000;

/** @param words whether to keep them as well */
function whyOf({ _errors, _validationErrors }: Readonly<Record<string, unknown>>, words: boolean): Why {
  const said = JSON.stringify({ _errors, _validationErrors });
  const codes = [...new Set(said.match(/"[^"]{1,40}"/g)?.map((quoted) => quoted.slice(1, -1)) ?? [])];
  return { codes: codes.filter(isAdobeCode), ...(words ? { words: said.slice(0, LONGEST_WORDS) } : {}) };
}

/** A batch that has failed changes no more, so each is read once, not again for each page of events and each round. */
export function createFailedBatches(maxRememberedIds = MAX_REMEMBERED_IDS): FailedBatches {
  const remembered = new Map<string, Contents>();
  let rememberedIds = 0;

  function remember(key: string, contents: Contents): void {
    remembered.set(key, contents);
    rememberedIds += contents.events.size;
    for (const [oldest, { events }] of remembered) {
      if (rememberedIds <= maxRememberedIds) return;
      remembered.delete(oldest);
      rememberedIds -= events.size;
    }
  }

  async function contentsOf({ dataAccess }: Clients, datasetId: string, batchId: string): Promise<Contents> {
    const key = `${datasetId}/${batchId}`;
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const files = await dataAccess.listFailedFiles(batchId);
    // They may not be there yet.
    if (files === undefined || files.length === 0) return { events: new Map(), isWhole: false };
    const events = new Map<string, Why>();
    let isWhole = true;
    for (const file of files) {
      const { records, unreadableLines } = await dataAccess.readFailedRecords(batchId, file);
      if (unreadableLines > 0) isWhole = false;
      for (const record of records) {
        const ids = JSON.stringify(record).match(EVENT_ID) ?? [];
        // Adobe's own sample shows records of which only the errors are left.
        if (ids.length === 0) isWhole = false;
        const why = whyOf(record, events.size < WORDS_REMEMBERED);
        for (const id of ids) events.set(id, why);
      }
    }
    const contents = { events, isWhole };
    remember(key, contents);
    return contents;
  }

  return {
    async read(clients, { datasetId, since, openForMs }, sought) {
      const createdAfterMs = since.getTime() - CLOCK_MARGIN_MS - openForMs;
      const lists = await Promise.all(
        FAILED_STATUSES.map((status) => clients.catalog.listBatches({ datasetId, createdAfterMs, status })),
      );
      const found = new Map<string, Refusal[]>();
      const unread: string[] = [];
      for (const batchId of new Set(lists.flat().map(({ id }) => id))) {
        const { events, isWhole } = await contentsOf(clients, datasetId, batchId);
        if (!isWhole) unread.push(batchId);
        for (const id of sought) {
          const why = events.get(id);
          if (why !== undefined) found.set(id, [...(found.get(id) ?? []), { batchId, ...why }]);
        }
      }
      return { found, unread };
    },
  };
}
