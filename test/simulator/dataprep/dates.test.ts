import { describe, expect, test } from 'vitest';
import {
  automaticDate,
  dateParser,
  DatePatternError,
  formatDate,
} from '../../../simulator/dataprep/language/javaDates.js';

describe('date patterns', () => {
  test.each([
    ['yyyy-MM-dd', '2024-05-02', '2024-05-02T00:00:00.000Z'],
    ['dd.MM.yy HH:mm:ss', '02.05.24 09:31:07', '2024-05-02T09:31:07.000Z'],
    ["EEE, d MMM yyyy 'at' h:mm a", 'Thu, 2 May 2024 at 9:31 PM', '2024-05-02T21:31:00.000Z'],
    ['MMMM d, yyyy', 'May 2, 2024', '2024-05-02T00:00:00.000Z'],
    ["yyyy-MM-dd'T'HH:mm:ss.SSSXXX", '2024-05-02T10:31:07.412+01:00', '2024-05-02T09:31:07.412Z'],
    ["yyyy-MM-dd'T'HH:mm:ssX", '2024-05-02T10:31:07-08', '2024-05-02T18:31:07.000Z'],
    ["yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX", '2024-05-02T10:31:07.412999+01:00', '2024-05-02T09:31:07.412Z'],
    ["HH 'o''clock'", "09 o'clock", '1970-01-01T09:00:00.000Z'],
    ['yyyy/DDD', '2024/123', '2024-05-02T00:00:00.000Z'],
  ])('%s reads %s', (pattern, text, instant) => {
    expect(dateParser(pattern)(text)?.toISOString()).toBe(instant);
  });

  test.each([
    ['yyyy-MM-dd', '2024-5-2'],
    ['yyyy-MM-dd', '2024-02-30'],
    ['yyyy-MM-dd', '2024-05-02 '],
    ['HH:mm', '24:00'],
  ])('%s does not read %s', (pattern, text) => {
    expect(dateParser(pattern)(text)).toBeUndefined();
  });

  test.each([
    ['yyyy-MM-dd HH:mm:ss.SSS', '2024-05-02 21:31:07.042'],
    ['EEEE, d MMMM yy', 'Thursday, 2 May 24'],
    ['h:mm a X', '9:31 PM Z'],
    ["D 'of' yyyy", '123 of 2024'],
  ])('%s prints %s', (pattern, text) => {
    expect(formatDate(new Date('2024-05-02T21:31:07.042Z'), pattern)).toBe(text);
  });

  test.each([['yyyy-bb'], ["yyyy 'open"]])('%s is no pattern', (pattern) => {
    expect(() => dateParser(pattern)).toThrow(DatePatternError);
  });

  test.each([
    ['2024-05-02T09:31:07.412Z', true],
    ['2024-05-02T09:31:07.412+01', true],
    ['2024-05-02T09:31:07Z', true],
    ['2024-05-02T09:31:07.412999Z', false],
    ['2024-05-02T09:31:07.4Z', false],
    ['2024-05-02T09:31:07+01:00', false],
    ['2024-05-02', false],
  ])('automatic conversion of %s: %s', (text, recognised) => {
    expect(automaticDate(text) !== undefined).toBe(recognised);
  });
});
