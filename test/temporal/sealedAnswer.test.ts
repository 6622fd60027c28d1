import { describe, expect, it } from 'vitest';
import { createAsker, sealFor } from '../../src/temporal/sealedAnswer.js';

describe('a sealed answer', () => {
  const secret = 'http://localhost:8088/hooks/chatlio/main-site/feedback/s3cret';

  it('is opened by the one who asked, and shows nothing on the way', () => {
    const asker = createAsker();
    const sealed = sealFor(asker.sealTo, secret);
    expect(Buffer.from(sealed, 'base64').includes('s3cret')).toBe(false);
    expect(asker.open(sealed)).toBe(secret);
  });

  it('is opened by nobody else', () => {
    const sealed = sealFor(createAsker().sealTo, secret);
    expect(() => createAsker().open(sealed)).toThrow(/unable to authenticate/);
  });

  it('cannot be changed on the way', () => {
    const asker = createAsker();
    const bytes = Buffer.from(sealFor(asker.sealTo, secret), 'base64');
    bytes[60] = (bytes[60] ?? 0) ^ 1;
    expect(() => asker.open(bytes.toString('base64'))).toThrow(/unable to authenticate/);
  });
});
