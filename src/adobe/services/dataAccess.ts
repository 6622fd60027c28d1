/** Data Access: the records that validation refused after the inlet had accepted them, kept by Adobe for 30 days. */
import * as z from 'zod';
import { absentWhenGone } from '../http/gone.js';
import type { AdobeHttp } from '../http/http.js';

const SERVICE = 'Data Access';
const PAGE_LIMIT = 100;

const pageSchema = z.looseObject({ data: z.array(z.looseObject({ name: z.string() })) });

const recordSchema = z.record(z.string(), z.unknown());

type FailedRecord = Readonly<Record<string, unknown>>;

interface FailedRecords {
  readonly records: readonly FailedRecord[];
  /** Lines that are no JSON objects: with any of these, an event that is not among the records may still have failed. */
  readonly unreadableLines: number;
}

export type DataAccess = ReturnType<typeof createDataAccess>;

export function createDataAccess(http: AdobeHttp) {
  const pathOf = (batchId: string): string => `/data/foundation/export/batches/${encodeURIComponent(batchId)}/failed`;

  return {
    /** Names of the files with the failed records of a batch; undefined when there is no such batch. */
    listFailedFiles: async (batchId: string): Promise<string[] | undefined> => {
      const names: string[] = [];
      for (let start = 0; ; start += PAGE_LIMIT) {
        const page = await absentWhenGone(
          http.request(
            {
              service: SERVICE,
              method: 'GET',
              path: pathOf(batchId),
              query: [
                ['start', String(start)],
                ['limit', String(PAGE_LIMIT)],
              ],
            },
            pageSchema,
          ),
        );
        if (page === undefined) return undefined;
        // A server that does not page answers the same rows again.
        const fresh = page.data.map(({ name }) => name).filter((name) => !names.includes(name));
        // `_SUCCESS` is an empty mark that the batch is written.
        names.push(...fresh);
        if (page.data.length < PAGE_LIMIT || fresh.length === 0) return names.filter((name) => name !== '_SUCCESS');
      }
    },

    /** JSON lines: each the record, with `_validationErrors` or `_errors`. */
    readFailedRecords: async (batchId: string, file: string): Promise<FailedRecords> => {
      const text = await http.requestText({
        service: SERVICE,
        method: 'GET',
        path: pathOf(batchId),
        query: [['path', file]],
        headers: { accept: '*/*' },
      });
      const lines = text.split('\n').filter((line) => line.trim() !== '');
      const records = lines.flatMap(recordOf);
      return { records, unreadableLines: lines.length - records.length };
    },
  };
}

function recordOf(line: string): FailedRecord[] {
  try {
    const parsed = recordSchema.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}
