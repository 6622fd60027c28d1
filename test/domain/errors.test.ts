import { describe, expect, it } from 'vitest';
import { codedError, describeAdobeError, remedyOf, sentenceOf } from '../../src/domain/errors.js';

describe('error catalogue', () => {
  it('fills the fields of an error into its sentence and its remedy', () => {
    const { error } = codedError('CAEP_SOURCE_DIFFERS', { name: 'support-chat', fields: 'dataset.name' });
    expect(sentenceOf(error)).toBe(
      'The source support-chat runs already, with another manifest (differs in: dataset.name).',
    );
    expect(remedyOf(error)).toContain('give the manifest another name');
  });

  it('names the command that goes on from there: resume of a held step, else the one that is typed again', () => {
    const { error } = codedError('CAEP_PERMISSION_MISSING', { name: 'support-chat' });
    expect(remedyOf(error)).toContain('`chatlio-aep resume support-chat`');
    const ofUnpause = { ...error, fields: { ...error.fields, command: 'unpause' } };
    expect(remedyOf(ofUnpause)).toContain('`chatlio-aep unpause support-chat`');
  });

  it('keeps what Adobe said: status, code, detail and request id', () => {
    const adobe = {
      service: 'Flow Service',
      httpStatus: 404,
      code: 'FLOW-1439-404',
      title: 'Resource not found',
      requestId: 'r-1',
    };
    expect(describeAdobeError(adobe)).toBe('Flow Service: HTTP 404, FLOW-1439-404, Resource not found, request r-1');
    expect(codedError('CAEP_ADOBE_REFUSED', {}, { adobe }).message).toContain('FLOW-1439-404');
  });
});
