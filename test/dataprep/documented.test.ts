/** The examples of Adobe's own pages: "Data Prep mapping functions", its troubleshooting guide, and the Chatlio tutorial. */
import { describe, expect, it } from 'vitest';
import { normaliseMappings } from '../../src/adobe/services/mappings.js';
import { faultOfExpression } from '../../src/dataprep/check.js';
import { FUNCTIONS, METHODS } from '../../src/dataprep/functions.js';
import { rowsNeeded } from '../../src/dataprep/needed.js';
import { readsOf } from '../../src/dataprep/reads.js';

const AGENT =
  '"Mozilla/5.0 (iPhone; CPU iPhone OS 5_1_1 like Mac OS X) AppleWebKit/534.46 (KHTML, like Gecko) Version/5.1 Mobile/9B206 Safari/7534.48.3"';

/** Each with the fields that it reads; most of the page's read none. */
const EXAMPLES: readonly (readonly [expression: string, ...reads: string[]])[] = [
  ['concat("Hi, ", "there", "!")'],
  ['explode("Hi, there!", " ")'],
  ['instr("adobe.com", "com")'],
  ['replacestr("This is a string re test", "re", "replace")'],
  ['substr("This is a substring test", 7, 8)'],
  ['lower("HeLLo")'],
  ['lcase("HeLLo")'],
  ['upper("HeLLo")'],
  ['ucase("HeLLo")'],
  ['split("Hello world", " ")'],
  ['join(" ", to_array(true, "Hello", "world"))'],
  ['lpad("bat", 8, "yz")'],
  ['rpad("bat", 8, "yz")'],
  ['left("abcde", 2)'],
  ['right("abcde", 2)'],
  ['ltrim(" hello")'],
  ['rtrim("hello ")'],
  ['trim(" hello ")'],
  ['"string1".equals("STRING1")'],
  ['"string1".equalsIgnoreCase("STRING1")'],
  ['extract_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")'],
  ['matches_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")'],
  ['sha1("my text", "UTF-8")'],
  ['sha256("my text", "UTF-8")'],
  ['sha512("my text", "UTF-8")'],
  ['md5("my text", "UTF-8")'],
  ['crc32("my text", "UTF-8")'],
  ['get_url_protocol("https://platform.adobe.com/home")'],
  ['get_url_host("https://platform.adobe.com/home")'],
  ['get_url_port("sftp://example.com//home/joe/employee.csv")'],
  ['get_url_path("sftp://example.com//home/joe/employee.csv")'],
  ['get_url_query_str("foo://example.com:8042/over/there?name=ferret#nose", "retain")'],
  ['get_url_encoded("https://example.com/partneralliance_asia-pacific_2022")'],
  ['get_url_decoded("https%3A%2F%2Fexample.com%2Fpartneralliance_asia-pacific_2022")'],
  ['now()'],
  ['timestamp()'],
  ['dformat(1571829875000, "yyyy-MM-dd\'T\'HH:mm:ss.SSSX")'],
  ['date("2019-10-23 11:24", "yyyy-MM-dd HH:mm", now())'],
  ['date("2019-10-23 11:24", "yyyy-MM-dd HH:mm")'],
  ['date("2019-10-23 11:24")'],
  ['date(orderDate, "yyyy-MM-dd")', 'orderDate'],
  ['date_part("MM", date("2019-10-17 11:55:12"))'],
  ['make_date_time(2019, 10, 17, 11, 55, 12, 999, "America/Los_Angeles")'],
  ['zone_date_to_zone(now(), "Europe/Paris")'],
  ['size_of([1, 2, 3, 4])'],
  ['is_empty([1, null, 2, 3])'],
  [String.raw`arrays_to_objects('sku', explode("id1|id2", '\\|'), 'price', [22.5,14.35])`],
  ['to_object("firstName", "John", "lastName", "Doe")'],
  ['str_to_object("firstName=John,lastName=Doe,phone=123 456 7890", "=", ",")'],
  ['str_to_object("firstName - John ; lastName - ; phone - 123 456 7890", "-", ";").get("firstName")'],
  ['contains_key("evars.evar.field1")', 'evars.evar.field1'],
  ['nullify()'],
  ['get_keys({"book1": "Pride and Prejudice", "book2": "1984"})'],
  ['get_values("firstName - John , lastName - Cena , phone - 555 420 8692", "firstName", "-", ",")'],
  ['map_get_values(book_details,"author")', 'book_details'],
  ['map_has_keys(book_details,"author")', 'book_details'],
  ['add_to_map(book_details, book_details2)', 'book_details', 'book_details2'],
  ['object_to_map("firstName", "John", "lastName", "Doe")'],
  ['object_to_map(address)', 'address'],
  ['array_to_map(addresses, "type")', 'addresses'],
  ['to_map("firstName", "John", "lastName", "Doe")'],
  ['coalesce(null, null, null, "first", null, "second")'],
  ['first("1", "2", "3")'],
  ['last("1", "2", "3")'],
  [`add_to_array(['a', 'b'], 'c', 'd')`],
  [`join_arrays(['a', 'b'], ['c'], ['d', 'e'])`],
  ['to_array(false, 1, null, 2, 3)'],
  ['upsert_array_append([123, 456])'],
  ['upsert_array_replace([123, 456], 1)'],
  ['decode(stateCode, "ca", "California", "pa", "Pennsylvania", "N/A")', 'stateCode'],
  ['iif("s".equalsIgnoreCase("S"), "True", "False")'],
  ['min(3, 1, 4)'],
  ['max(3, 1, 4)'],
  ['to_bigint("1000000.34")'],
  ['to_decimal("20.5")'],
  ['to_float("12.3456")'],
  ['to_integer("12")'],
  ['json_to_object({"info":{"firstName":"John","lastName": "Doe"}})'],
  ['uuid()'],
  ['guid()'],
  ['fpid_to_ecid("4ed70bee-b654-420a-a3fd-b58b6b65e991")'],
  [`ua_os_name(${AGENT})`],
  [`ua_os_version_major(${AGENT})`],
  [`ua_os_version(${AGENT})`],
  [`ua_os_name_version(${AGENT})`],
  [`ua_agent_version(${AGENT})`],
  [`ua_agent_version_major(${AGENT})`],
  [`ua_agent_name(${AGENT})`],
  [`ua_device_class(${AGENT})`],
  // Mapping sets.
  ['concat(upper(lastName), upper(firstName), now())', 'firstName', 'lastName'],
  // The troubleshooting guide.
  [String.raw`address.street\.name`, String.raw`address.street\.name`],
  ["lower(map_get_values(mapObject, 'keyName'))", 'mapObject'],
  ['iif(marketing_type.equals("phyMail"), nullify(), marketing_type)', 'marketing_type'],
  [
    'iif(total_consents > 5000, iif(marketing_type.equals("phone"), nullify(), marketing_type), "insufficient-consents")',
    'marketing_type',
    'total_consents',
  ],
  [
    'iif(date.equals("3/21/24"), iif(marketing_type.equals("push"), nullify(), marketing_type), "not-March")',
    'date',
    'marketing_type',
  ],
  [
    'iif(total_consents >= 5500, iif(marketing_type.equals("phyMail"), nullify(), "high-consents"), marketing_type)',
    'marketing_type',
    'total_consents',
  ],
  // A source of Adobe's own.
  [
    String.raw`iif(${'${web\\.ecid}'} != null, to_object('ECID', arrays_to_objects('id', explode(last(split(${'${web\\.ecid}'}, ":")), " "))), null)`,
    String.raw`web\.ecid`,
  ],
  // Operators, from the API guide.
  ['1 + 2'],
  ['1 / 2'],
  ['~44'],
  ['-12'],
  ['!cond1', 'cond1'],
  ['not cond1', 'cond1'],
];

/** Printed on the page, and expressions of no language. */
const SLIPS = [
  'format(2019-10-23T11:24:00+00:00, "yyyy-MM-dd HH:mm:ss")',
  'set_date_part("m", 4, date("2016-11-09T11:44:44.797")',
  'zone_date_to_utc(2019-10-17T11:55:12 PST',
  '"string1".equalsIgnoreCase("STRING1)',
];

/** Of which the page has no example, or only a slip; in its syntax. */
const BY_SYNTAX: readonly (readonly [string, ...string[]])[] = [
  ['format(startedAt, "yyyy")', 'startedAt'],
  ['set_date_part("m", 4, startedAt)', 'startedAt'],
  ['zone_date_to_utc(startedAt)', 'startedAt'],
  ['make_timestamp(2019, 10, 17, 11, 55, 12, 999, "America/Los_Angeles")'],
  ['arrays_to_object("k", a)', 'a'],
  ['is_set("evars")', 'evars'],
];

describe("Adobe's examples", () => {
  it.each([...EXAMPLES, ...BY_SYNTAX])('%s', (expression, ...reads) => {
    expect(faultOfExpression(expression)).toBeUndefined();
    expect(readsOf([{ sourceType: 'EXPRESSION', source: expression, destination: 'x' }])).toEqual({ reads });
  });

  it.each(SLIPS)('that are slips are named: %s', (expression) => {
    expect(faultOfExpression(expression)).toBeDefined();
    expect(readsOf([{ sourceType: 'EXPRESSION', source: expression, destination: 'x' }])).toHaveProperty('unreadable');
  });

  it('have every function that is known', () => {
    const all = [...EXAMPLES, ...BY_SYNTAX].map(([expression]) => expression).join('\n');
    const called = new Set([...all.matchAll(/(\w+)\(/g)].map((match) => match[1]));
    expect([...FUNCTIONS.keys(), ...METHODS.keys()].filter((name) => !called.has(name))).toEqual([]);
  });
});

describe('a fault of an expression', () => {
  it.each([
    ['lower(message', 'a comma or )', 'the end at character 14'],
    ['lower(message, subject)', 'lower with 1 argument', '2'],
    ['sha256()', 'sha256 with 1 to 2 arguments', '0'],
    ['now(1)', 'now with 0 arguments', '1'],
    ['concat()', 'concat with 1 or more arguments', '0'],
    ['lower(trim())', 'trim with 1 argument', '0'],
    ['a.get()', 'get with 1 argument', '0'],
    ['contains_key(message)', 'contains_key with the path of a field in quotes', 'something else'],
    ['lowercase(message)', 'a function of Data Prep', 'lowercase(…)'],
    ['message.length()', 'equals, equalsIgnoreCase or get after a value', 'length(…)'],
    ['first(second(1), third(1))', 'a function of Data Prep', 'second(…)'],
  ])('%s: expected %s, got %s', (source, expected, got) => {
    expect(faultOfExpression(source)).toMatchObject({ expected, got });
  });

  it('says which names there are where one is not known', () => {
    expect(faultOfExpression('lowercase(message)')?.unknown).toEqual({
      name: 'lowercase',
      known: [...FUNCTIONS.keys()],
    });
    expect(faultOfExpression('message.eq(1)')?.expected).toBe('the name of a field, here ${eq}');
    expect(faultOfExpression('message.same(1)')?.unknown?.known).toEqual([...METHODS.keys()]);
  });
});

describe("the mapping of Adobe's Chatlio tutorial", () => {
  const ROWS = [
    ['slackChannelId', '_acmetenant.slackchannel_ID'],
    ['slackChannelName', '_acmetenant.slackchannel_name'],
    ['visitor.UUID', '_acmetenant.UUID'],
    ['visitor.email', '_acmetenant.chatlio_email'],
    ['message', '_acmetenant.message'],
    ['channelId', '_acmetenant.channel_ID'],
  ] as const;
  const READS = ['channelId', 'message', 'slackChannelId', 'slackChannelName', 'visitor.UUID', 'visitor.email'];

  it.each([
    [
      'old',
      ROWS.map(([sourceAttribute, destinationXdmPath]) => ({
        sourceAttribute,
        destinationXdmPath,
        identity: false,
        version: 0,
      })),
    ],
    ['new', ROWS.map(([source, destination]) => ({ sourceType: 'ATTRIBUTE', source, destination }))],
    ['stored', ROWS.map(([source, destination]) => ({ sourceType: 'text/x.schema-path', source, destination }))],
  ])('reads its six fields, and lacks two rows, in the %s property names', (_which, stored) => {
    const rows = normaliseMappings(stored);
    expect(readsOf(rows)).toEqual({ reads: READS });
    const needed = rowsNeeded(rows);
    expect(needed.map(({ source, destination }) => `${source} → ${destination}`)).toEqual([
      'eventId → _id',
      'occurredAt → timestamp',
    ]);
    expect(rowsNeeded([...rows, ...needed])).toEqual([]);
    expect(readsOf([...rows, ...needed])).toEqual({ reads: [...READS, 'eventId', 'occurredAt'].toSorted() });
  });
});
