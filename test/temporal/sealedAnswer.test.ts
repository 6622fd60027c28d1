import { describe, expect, it } from 'vitest';
import { createAsker, sealFor } from '../../src/temporal/sealedAnswer.js';

describe('a sealed answer', () => {
  const secret = 'http://localhost:8088/hooks/chatlio/main-site/feedback/s3cret';
  const accessKey = Buffer.alloc(32, 1);
  const another = Buffer.alloc(32, 2);

  it('is opened by the one who asked, and shows nothing on the way', () => {
    const asker = createAsker(accessKey);
    const sealed = sealFor(accessKey, asker.sealTo, secret);
    expect(Buffer.from(sealed, 'base64').includes('s3cret')).toBe(false);
    expect(asker.open(sealed)).toBe(secret);
  });

  it('is opened by nobody else', () => {
    const sealed = sealFor(accessKey, createAsker(accessKey).sealTo, secret);
    expect(() => createAsker(accessKey).open(sealed)).toThrow('CAEP_ANSWER_NOT_AUTHENTIC');
  });

  it('is not opened by somebody who can ask and is not of the installation', () => {
    const stranger = createAsker(another);
    expect(() => stranger.open(sealFor(accessKey, stranger.sealTo, secret))).toThrow('CAEP_ANSWER_NOT_AUTHENTIC');
  });

  it('of somebody who can answer and is not of the installation does not open', () => {
    const asker = createAsker(accessKey);
    expect(() => asker.open(sealFor(another, asker.sealTo, 'https://evil.example/hooks'))).toThrow(
      'CAEP_ANSWER_NOT_AUTHENTIC',
    );
    expect(() => asker.open('bm90IHNlYWxlZA==')).toThrow('CAEP_ANSWER_NOT_AUTHENTIC');
  });

  it('cannot be changed on the way', () => {
    const asker = createAsker(accessKey);
    const bytes = Buffer.from(sealFor(accessKey, asker.sealTo, secret), 'base64');
    bytes[60] = (bytes[60] ?? 0) ^ 1;
    expect(() => asker.open(bytes.toString('base64'))).toThrow('CAEP_ANSWER_NOT_AUTHENTIC');
  });
});
