import { describe, expect, test } from 'vitest';
import { compileSource, ExpressionMeaningError, type Scope } from '../../../simulator/dataprep/language/compile.js';
import { MAX_EXPRESSION_CHARACTERS } from '../../../simulator/dataprep/language/syntax.js';
import { ExpressionSyntaxError } from '../../../simulator/dataprep/language/tokens.js';
import { RowFailure, TransformFailure, type Structure } from '../../../simulator/dataprep/language/values.js';

const NOW_MS = Date.UTC(2024, 4, 2, 9, 31, 7, 412);

const AGENT =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 5_1_1 like Mac OS X) AppleWebKit/534.46 (KHTML, like Gecko) Version/5.1 Mobile/9B206 Safari/7534.48.3';

const RECORD: Structure = {
  visitor: { UUID: '7c0f', email: '' },
  message: '  Do you ship?  ',
  tags: ['a', 'b', 'c'],
  messages: [{ text: 'one' }, { text: 'two' }],
  count: 3,
  nothing: null,
  'first-name': 'Ana',
  address: { 'street.name': 'Rua', 'zip code': '4000' },
  size: 7,
  timestamp: 'of the record',
  agent: AGENT,
};

function evaluate(expression: string, settings: Partial<Scope> = {}) {
  return compileSource(expression)({
    record: RECORD,
    nowMs: NOW_MS,
    missingAttributeInMapping: 'null',
    iifEvaluation: 'lazy',
    unevenArrays: 'longest',
    ...settings,
  });
}

describe('expressions', () => {
  test.each([
    // literals, paths, operators
    ['"a\\"b"', 'a"b'],
    ["'single'", 'single'],
    ['visitor.UUID', '7c0f'],
    ['tags[1]', 'b'],
    ['messages[*].text', ['one', 'two']],
    ['${first-name}', 'Ana'],
    ['absent.deep', null],
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['-count + 1', -2],
    ['7 / 2', 3.5],
    ['"a" + count', 'a3'],
    ['count >= 3 && !(count > 3)', true],
    ['count == 3 || absent == 1', true],
    ['count != "3"', false],
    ['not (count < 3) and true', true],
    // logic
    ['visitor.email.equals("")', true],
    ['iif(visitor.email.equals(""), nullify(), visitor.email)', null],
    ['coalesce(nothing, absent, "x")', 'x'],
    ['coalesce(visitor.email, "x")', ''],
    ['decode(count, 3, "three", "other")', 'three'],
    ['decode("x", 3, "three", "other")', 'other'],
    ['decode("x", 3, "three")', null],
    ['count ge 3 and count lt 4 or count eq 0', true],
    ['is_empty(visitor.email)', true],
    ['is_empty(tags)', false],
    ['contains_key("visitor.UUID")', true],
    ['contains_key("visitor.phone")', false],
    ['contains_key(nothing)', true],
    // text
    ['concat("a", nothing, count)', 'a3'],
    ['trim(message)', 'Do you ship?'],
    ['upper("aé")', 'AÉ'],
    ['lower("AB")', 'ab'],
    ['left("abc", 2)', 'ab'],
    ['left("abc", 9)', 'abc'],
    ['right("abc", 2)', 'bc'],
    ['substr("This is a substring test", 7, 8)', ' a subst'],
    ['replacestr("This is a string re test", "re", "replace")', 'This is a string replace test'],
    ['explode("Hi, there!", " ")', ['Hi,', 'there!']],
    ['explode("a,b")', ['a', 'b']],
    [String.raw`explode("id1|id2", '\\|')`, ['id1', 'id2']],
    ['instr("adobe.com", "com")', 6],
    ['instr("a-b-c", "-", 0, 2)', 3],
    ['split("a b-c", " -")', ['a', 'b', 'c']],
    ['lpad(absent, 3, "x")', 'xxx'],
    ['split("a,b", ",")', ['a', 'b']],
    ['join("/", tags)', 'a/b/c'],
    ['lpad("7", 3, "0")', '007'],
    ['matches_regex("abc", "a.c")', true],
    ['matches_regex("xabc", "a.c")', false],
    [String.raw`matches_regex("a7", "a\d")`, true],
    ['lower(absent)', null],
    ['get_url_host("https://shop.example.com/x?y=1")', 'shop.example.com'],
    ['get_url_host("no address")', null],
    ['get_url_port("sftp://example.com//home/joe/employee.csv")', 22],
    ['get_url_path("sftp://example.com//home/joe/employee.csv")', '//home/joe/employee.csv'],
    ['get_url_path("sftp://example.com//home/joe/employee.csv", false)', 'employee.csv'],
    ['get_url_query_str("foo://e.com:8042/there?name=ferret#nose", "retain")', { name: 'ferret#nose' }],
    ['get_url_query_str("foo://e.com:8042/there?name=ferret#nose", "remove")', { name: 'ferret' }],
    ['get_url_query_str("foo://e.com:8042/there?name=ferret#nose", "append")', { name: 'ferret', _anchor_: 'nose' }],
    // hashing: published test vectors
    ['md5("")', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['sha1("abc")', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['sha256("abc", "UTF-8")', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['crc32("123456789")', 'cbf43926'],
    // arrays, objects, conversion
    ['size_of(tags)', 3],
    ['first(tags)', 'a'],
    ['last(messages).text', 'two'],
    ['json_to_object("{\\"plan\\":\\"gold\\"}").plan', 'gold'],
    ['get_values("firstName - John , lastName - Cena , phone - 555", "firstName", "-", ",")', 'John'],
    ['str_to_object("firstName=John,lastName=Doe", "=", ",")', { firstName: 'John', lastName: 'Doe' }],
    ['str_to_object("a:1,b:2").get("b")', '2'],
    ['visitor.get("UUID")', '7c0f'],
    ['visitor.get("phone")', null],
    ['get_keys(visitor)', ['UUID', 'email']],
    ['get_keys({"book1": "Pride and Prejudice", "book2": "1984"})', ['book1', 'book2']],
    ['is_empty([1, null, 2, 3])', false],
    ['add_to_array(["a", "b"], "c", "d")', ['a', 'b', 'c', 'd']],
    ['join_arrays(["a", "b"], ["c"], ["d", "e"])', ['a', 'b', 'c', 'd', 'e']],
    ['to_array(false, 1, null, 2, 3)', [1, 2, 3]],
    ['to_array(true, 1, null)', [1, null]],
    ['first("1", "2", "3")', '1'],
    ['last(to_array(false, 1, 2))', 2],
    ['upsert_array_append([123, 456])', [123, 456]],
    [
      String.raw`arrays_to_objects('sku', explode("id1|id2", '\\|'), 'price', [22.5, 14.35])`,
      [
        { sku: 'id1', price: 22.5 },
        { sku: 'id2', price: 14.35 },
      ],
    ],
    ['arrays_to_object("text", messages[*].text)', [{ text: 'one' }, { text: 'two' }]],
    ['arrays_to_objects("a", nothing)', []],
    ['{"a": count, "b": [tags[0]]}', { a: 3, b: ['a'] }],
    // names that are reserved, or no identifiers
    ['${size} + 1', 8],
    ['${timestamp}', 'of the record'],
    [String.raw`address.street\.name`, 'Rua'],
    [String.raw`${'$'}{address.street\.name}`, 'Rua'],
    ['address.${zip code}', '4000'],
    [String.raw`contains_key("address.street\.name")`, true],
    // user agents: the page's sample
    ['ua_os_name(agent)', 'iOS'],
    ['ua_os_version(agent)', '5.1.1'],
    ['ua_os_version_major(agent)', 'iOS 5'],
    ['ua_os_name_version(agent)', 'iOS 5.1.1'],
    ['ua_agent_name(agent)', 'Safari'],
    ['ua_agent_version(agent)', '5.1'],
    ['ua_agent_version_major(agent)', 'Safari 5'],
    ['ua_device_class(agent)', 'Phone'],
    ['ua_device_class("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0 Safari/537.36")', 'Desktop'],
    ['ua_device_class(absent)', null],
    ['to_integer("12.9")', 12],
    ['to_float("1.5")', 1.5],
    ['to_object("a", 1)', { a: 1 }],
    ['max(1, 3, 2)', 3],
    ['min("b", "a")', 'a'],
    // dates
    ['timestamp()', NOW_MS],
    ['dformat(1714642267412, "yyyy-MM-dd\'T\'HH:mm:ss.SSSX")', '2024-05-02T09:31:07.412Z'],
    ['format(date("05/02/2024 01:30 PM", "MM/dd/yyyy hh:mm a"), "HH:mm")', '13:30'],
    ['date_part("year", date("2024-05-02T09:31:07Z"))', 2024],
    ['set_date_part("m", 4, date("2016-11-09T11:44:44.797Z"))', new Date('2016-04-09T11:44:44.797Z')],
    ['make_timestamp(2019, 10, 17, 11, 55, 12, 0)', new Date('2019-10-17T11:55:12Z')],
  ])('%s', (expression, value) => {
    expect(evaluate(expression)).toEqual(value);
  });

  test('now() is the given time, zone_date_to_utc keeps the instant', () => {
    expect(evaluate('now()')).toEqual(new Date(NOW_MS));
    expect(evaluate('zone_date_to_utc(date("2024-05-02 10:31 +0100", "yyyy-MM-dd HH:mm Z"))')).toEqual(
      new Date('2024-05-02T09:31:00Z'),
    );
  });

  test('uuid() differs at each evaluation', () => {
    expect(evaluate('uuid()')).not.toBe(evaluate('uuid()'));
    expect(evaluate('guid()')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('a date takes its default where the text does not fit', () => {
    expect(evaluate('date("soon", "yyyy-MM-dd", date("2024-01-02T00:00:00Z"))')).toEqual(
      new Date('2024-01-02T00:00:00Z'),
    );
  });

  test.each([
    ['substr("abc", 2, 5)'],
    ['date("soon", "yyyy-MM-dd")'],
    ['date("2024-05-02T09:31:07.123456789+01:00")'],
    ['to_integer("x")'],
    ['json_to_object("{")'],
    ['1 / 0'],
    ['matches_regex("a", "(")'],
    ['join_arrays(tags, "d")'],
    ['arrays_to_objects("a", "not an array")'],
  ])('%s fails, which nulls its column only', (expression) => {
    expect(() => evaluate(expression)).toThrow(TransformFailure);
  });

  test.each([
    ['concat("a"'],
    ['1 +'],
    ['"open'],
    ['a..b'],
    ['a b'],
    ['a[x]'],
    ['#'],
    [''],
    ['size'],
    ['visitor.size'],
    ['timestamp'],
    ['{a: 1}'],
    ['[1'],
    ['new'],
  ])('%s cannot be read', (expression) => {
    expect(() => compileSource(expression)).toThrow(ExpressionSyntaxError);
  });

  test('an expression longer than 4096 characters is refused', () => {
    const text = `"${'x'.repeat(MAX_EXPRESSION_CHARACTERS - 2)}"`;
    expect(() => compileSource(text)).not.toThrow();
    expect(() => compileSource(`${text} `)).toThrow(/at most 4096/);
  });

  test.each([
    ['frobnicate(1)', /Unknown function frobnicate/],
    ['iif(true)', /takes 3 argument\(s\), got 1/],
    ['equals("a", "b")', /Unknown function equals/],
    ['message.lower()', /Unknown function lower/],
    ['message.equals()', /takes 1 argument\(s\), got 0/],
    ['get(visitor, "UUID")', /Unknown function get/],
  ])('%s has no meaning', (expression, message) => {
    expect(() => compileSource(expression)).toThrow(ExpressionMeaningError);
    expect(() => compileSource(expression)).toThrow(message);
  });

  test.each([
    ['longest', [{ a: 1, b: 2 }, { a: 3 }]],
    ['shortest', [{ a: 1, b: 2 }]],
  ] as const)('arrays of different lengths make as many objects as the %s', (unevenArrays, objects) => {
    expect(evaluate('arrays_to_objects("a", [1, 3], "b", [2])', { unevenArrays })).toEqual(objects);
  });

  test('arrays of different lengths fail where the policy says so', () => {
    const settings = { unevenArrays: 'fail' } as const;
    expect(() => evaluate('arrays_to_objects("a", [1, 3], "b", [2])', settings)).toThrow(TransformFailure);
    expect(evaluate('arrays_to_objects("a", [1], "b", [2])', settings)).toEqual([{ a: 1, b: 2 }]);
  });

  test('a reference to an absent attribute rejects the row where the policy says so', () => {
    const settings = { missingAttributeInMapping: 'rowError' } as const;
    expect(() => evaluate('absent', settings)).toThrow(RowFailure);
    expect(evaluate('iif(contains_key("absent"), absent, "guarded")', settings)).toBe('guarded');
    expect(() =>
      evaluate('iif(contains_key("absent"), absent, "guarded")', { ...settings, iifEvaluation: 'eager' }),
    ).toThrow(RowFailure);
  });
});
