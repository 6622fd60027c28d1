import { describe, expect, it } from 'vitest';
import { readErrorBody } from '../../../src/adobe/http/errorBody.js';
import type { AdobeError } from '../../../src/domain/errors.js';

function read(status: number, body: unknown, headers: Record<string, string> = {}): AdobeError {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readErrorBody('Flow Service', { status, headers, body: Buffer.from(text) }, []);
}

describe('families of error bodies', () => {
  const flow = 'The requested flows resource 4d0c is not found. Verify the resource ID before trying again.';
  const xdm = 'Object titles must be unique. An object https://ns.adobe.com/acme/schemas/9f already exists';
  const rows: [string, unknown, Partial<AdobeError>][] = [
    [
      'gateway',
      { error_code: '403010', message: 'Oauth token is missing.' },
      { code: '403010', detail: 'Oauth token is missing.' },
    ],
    [
      'token service',
      { error: 'invalid_client', error_description: 'invalid client_id parameter' },
      { code: 'invalid_client', detail: 'invalid client_id parameter' },
    ],
    [
      'Flow Service',
      {
        type: 'https://ns.adobe.com/aep/errors/FLOW-1439-404',
        title: 'Resource not found',
        status: 404,
        report: { 'detailed-message': flow, id: '4d0c', 'request-id': 'req-7', type: 'flows' },
        errorMessage: flow,
        errorDetails: flow,
      },
      { code: 'FLOW-1439-404', title: 'Resource not found', detail: flow, requestId: 'req-7' },
    ],
    ['Flow Service without its prefix', { type: 'https://ns.adobe.com/aep/errors/1447-400' }, { code: '1447-400' }],
    [
      'Flow Service, older',
      { errorMessage: 'Supplied version=[1] does not match the current version' },
      { detail: 'Supplied version=[1] does not match the current version' },
    ],
    [
      'Schema Registry',
      {
        type: 'http://ns.adobe.com/aep/errors/XDM-1521-400',
        title: 'Title not unique',
        status: 400,
        report: { registryRequestId: 'reg-1', 'detailed-message': xdm, 'sub-errors': [] },
        detail: xdm,
      },
      { code: 'XDM-1521-400', title: 'Title not unique', detail: xdm, requestId: 'reg-1' },
    ],
    [
      'placeholder problem',
      {
        type: '/placeholder/type/uri',
        status: 400,
        title: 'BadRequestError',
        detail: 'A valid content-type must be specified',
      },
      { title: 'BadRequestError', detail: 'A valid content-type must be specified' },
    ],
    [
      'data-collection problem, its status a string',
      {
        type: 'https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization',
        status: '401',
        title: 'Authorization',
        report: { message: '[id] Ims service token is empty' },
      },
      { title: 'Authorization', detail: '[id] Ims service token is empty' },
    ],
    ['Catalog', { errors: [{ message: 'schema is unknown' }] }, { detail: 'schema is unknown' }],
    ['Catalog, a plain list', { errors: ['schema is unknown'] }, { detail: 'schema is unknown' }],
    ['a page', '<html>Bad gateway</html>', { raw: '<html>Bad gateway</html>' }],
    ['an object of no family', { strange: true }, { raw: '{"strange":true}' }],
    ['nothing', '', {}],
  ];
  it.each(rows)('%s', (_name, body, expected) => {
    expect(read(499, body)).toEqual({ service: 'Flow Service', httpStatus: 499, ...expected });
  });

  it('prefers the request id of the header', () => {
    expect(read(500, { report: { 'request-id': 'body' } }, { 'x-request-id': 'header' }).requestId).toBe('header');
  });

  it('keeps at most 512 bytes of what it does not know', () => {
    expect(Buffer.byteLength(read(500, 'y'.repeat(5_000)).raw ?? '')).toBe(512);
  });
});
