/** A body through the mapping, by the simulator's preview. */
import { describe, expect, it } from 'vitest';
import type { AdobeCallError } from '../../../src/adobe/http/errors.js';
import { recipientOf } from '../../../src/activities/accounts/credentials.js';
import { sampleReport } from '../../../src/activities/planning/sample.js';
import { fixture } from '../../../src/chatlio/fixtures.js';
import type { Recipient } from '../../../src/domain/accounts.js';
import { type CodedError, remedyOf } from '../../../src/domain/errors.js';
import type { Ask } from '../../../src/domain/inquiries.js';
import type { SampleFor, SampleReport } from '../../../src/domain/planning/sample.js';
import { createAsker, MAX_SEALED_BYTES, sealFor } from '../../../src/temporal/sealedAnswer.js';
import { newSource, provision, type Source, withInstallation } from '../installation.js';

const installation = withInstallation();
const AT_MS = Date.UTC(2026, 4, 2);

async function ask({ manifest, marker }: Source, given: Partial<Ask<'sample'>>): Promise<SampleReport> {
  const { keyRing, adobe, store } = installation();
  const asker = createAsker(keyRing.accessKey);
  const question = { v: 1, ask: 'sample', manifest, uid: marker.uid, atMs: AT_MS, sealTo: asker.sealTo } as const;
  const { sealed } = await sampleReport({ adobe, store, keyRing }, { ...question, ...given });
  return JSON.parse(asker.open(sealed)) as SampleReport;
}

/** As the command line seals it. */
function sealedBody(sample: SampleFor): NonNullable<Ask<'sample'>['sample']> {
  const { keyRing } = installation();
  const asker = createAsker(keyRing.accessKey);
  const { sealed } = recipientOf({ keyRing }, { v: 1, ask: 'recipient', sealTo: asker.sealTo });
  const { sealTo, ticket } = JSON.parse(asker.open(sealed)) as Recipient;
  return { ticket, sealed: sealFor(keyRing.accessKey, sealTo, JSON.stringify(sample)) };
}
const base64 = (body: object): string => Buffer.from(JSON.stringify(body)).toString('base64');
const valueOf = ({ rows }: SampleReport, field: string): unknown =>
  rows.find(({ destination }) => destination.endsWith(field))?.value;

describe('a sample', () => {
  it.each([undefined, 'compact', 'full'])('of a kind comes out row by row, with contents %s', async (contents) => {
    const source = newSource(contents === undefined ? {} : { contents });
    await provision(installation(), source, 'mapping-set');
    const report = await ask(source, { kind: 'transcript' });
    expect(report).toMatchObject({ kind: 'transcript', errors: [], xdm: { eventType: 'chatlio.transcript' } });
    expect(report.rows).toHaveLength(source.manifest.mapping.length);
    expect(report.rows.filter(({ errors }) => errors !== undefined)).toEqual([]);
    expect(valueOf(report, '_id')).toBe(report.eventId);
  });

  it('of a person’s own leaves as privacy wants it, and is the kind whose shape it has', async () => {
    const source = newSource({ contents: 'full', privacy: { drop: ['visitor.email'] } });
    const { schema } = await provision(installation(), source, 'schema');
    const body = {
      ...fixture('feedback', { seed: 3, atMs: AT_MS }),
      visitor: { UUID: 'u-1', email: 'ana@example.com' },
    };
    const sample = sealedBody({ name: source.marker.name, body: base64(body) });
    const report = await ask(source, { sample, schemaId: schema?.id });
    expect(report.kind).toBe('new-conversation');
    expect(valueOf(report, 'UUID')).toBe('u-1');
    expect(JSON.stringify(report)).not.toContain('ana@example.com');
    expect((await ask(source, { sample, kind: 'feedback' })).kind).toBe('feedback');
  });

  it('has Adobe’s error at the row that it is about', async () => {
    const mapping = [{ destination: 'message', expression: 'to_integer(message)' }];
    const source = newSource({ contents: 'full', mapping });
    await provision(installation(), source, 'schema');
    const { rows, errors } = await ask(source, { kind: 'feedback' });
    expect(errors).toEqual([]);
    expect(rows.filter((row) => row.errors !== undefined)).toEqual([
      {
        sourceType: 'EXPRESSION',
        source: 'to_integer(message)',
        destination: expect.stringMatching(/^_\w+\.message$/),
        errors: ['to_integer needs a number, got a string'],
      },
    ]);
  });

  it('has Adobe’s error about no row beside the rows', async () => {
    const source = newSource({ contents: 'full' });
    await provision(installation(), source, 'schema');
    installation().simulator.admin.policy.change({ missingAttributeInMapping: 'rowError' });
    const report = await ask(source, { kind: 'feedback' });
    expect(report.errors).toHaveLength(1);
    expect(report.rows.filter((row) => row.errors !== undefined)).toEqual([]);
    expect(report.xdm).toBeUndefined();
  });

  it('that would be held, is for another source, or has no schema yet, says so', async () => {
    const source = newSource();
    await provision(installation(), source, 'schema');
    const code = (what: string) => ({ error: { code: what } });
    const odd = sealedBody({ name: source.marker.name, body: base64({ secret: 'words' }) });
    await expect(ask(source, { sample: odd })).rejects.toMatchObject(code('CAEP_SAMPLE_NOT_TAKEN'));
    const other = sealedBody({ name: 'another', body: base64(fixture('feedback', { seed: 1, atMs: AT_MS })) });
    await expect(ask(source, { sample: other })).rejects.toMatchObject(code('CAEP_SAMPLE_NOT_TAKEN'));
    await expect(ask(newSource(), { kind: 'feedback', uid: undefined })).rejects.toMatchObject(
      code('CAEP_SAMPLE_NEEDS_SCHEMA'),
    );
  });

  it('of which more comes out than an answer takes says so, and a smaller one does not', async () => {
    // Stands in the row and in the event.
    const mapping = [{ destination: 'message', expression: `concat(${Array(8).fill('message').join(', ')})` }];
    const source = newSource({ contents: 'full', mapping });
    await provision(installation(), source, 'schema');
    const of = (length: number) => {
      const body = { ...fixture('feedback', { seed: 3, atMs: AT_MS }), message: 'é'.repeat(length) };
      return ask(source, { sample: sealedBody({ name: source.marker.name, body: base64(body) }), kind: 'feedback' });
    };
    const taken = await of(MAX_SEALED_BYTES / 2 / 8 / 2 - 500);
    expect(valueOf(taken, 'message')).toHaveLength(MAX_SEALED_BYTES / 4 - 8 * 500);
    const refused = await of(MAX_SEALED_BYTES / 2 / 8 / 2).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      error: {
        code: 'CAEP_SAMPLE_NOT_TAKEN',
        fields: { reason: expect.stringMatching(/ has 12\d{5} bytes, and an answer has at most 1200000$/) },
      },
    });
    expect(remedyOf((refused as CodedError).error)).toContain('a smaller body');
  });

  it('is not quoted by an error of Adobe’s', async () => {
    const source = newSource();
    await provision(installation(), source, 'schema');
    installation().simulator.admin.faults.place({
      match: { route: 'dataprep.mappingSets.preview' },
      fault: { kind: 'status', status: 400, body: 'service' },
      times: 1,
    });
    const failure = await ask(source, { kind: 'feedback' }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ error: { httpStatus: 400, title: 'not shown, as it may quote the sample' } });
    expect((failure as AdobeCallError).error.detail).toBeUndefined();
  });
});
