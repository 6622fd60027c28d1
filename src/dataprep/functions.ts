/**
 * The functions of Data Prep ("Data Prep mapping functions", all its tables but those of destinations, which no ingestion
 * has, and of Analytics, which only its own sources have), and how many arguments each takes.
 */

interface FunctionFacts {
  readonly least: number;
  readonly most: number;
  /** Gives another value each time: nothing that it takes part in is the same for two copies of an event. */
  readonly changing?: true;
  /** Its argument is the name of a path of the record, not a value. */
  readonly ofPath?: true;
}

const takes = (least: number, most = least): FunctionFacts => ({ least, most });
const MANY = Number.POSITIVE_INFINITY;
const CHANGING: FunctionFacts = { least: 0, most: 0, changing: true };
const OF_PATH: FunctionFacts = { least: 1, most: 1, ofPath: true };

export const FUNCTIONS: ReadonlyMap<string, FunctionFacts> = new Map(
  Object.entries({
    // Texts.
    concat: takes(1, MANY),
    explode: takes(1, 2),
    instr: takes(2, 4),
    replacestr: takes(3),
    substr: takes(3),
    lower: takes(1),
    lcase: takes(1),
    upper: takes(1),
    ucase: takes(1),
    split: takes(2),
    join: takes(2),
    lpad: takes(3),
    rpad: takes(3),
    left: takes(2),
    right: takes(2),
    ltrim: takes(1),
    rtrim: takes(1),
    trim: takes(1),
    extract_regex: takes(2),
    matches_regex: takes(2),
    // Hashes, with the character set.
    sha1: takes(1, 2),
    sha256: takes(1, 2),
    sha512: takes(1, 2),
    md5: takes(1, 2),
    crc32: takes(1, 2),
    // URLs.
    get_url_protocol: takes(1),
    get_url_host: takes(1),
    get_url_port: takes(1),
    get_url_path: takes(1, 2),
    get_url_query_str: takes(2),
    get_url_encoded: takes(1),
    get_url_decoded: takes(1),
    // Times. The page gives `make_date_time` eight parameters, and seven in its example.
    now: CHANGING,
    timestamp: CHANGING,
    format: takes(2),
    dformat: takes(2),
    date: takes(1, 3),
    date_part: takes(2),
    set_date_part: takes(3),
    make_date_time: takes(7, 8),
    make_timestamp: takes(7, 8),
    zone_date_to_utc: takes(1),
    zone_date_to_zone: takes(2),
    // Objects. The page writes both `arrays_to_object` and `arrays_to_objects`.
    is_empty: takes(1),
    arrays_to_object: takes(2, MANY),
    arrays_to_objects: takes(2, MANY),
    to_object: takes(2, MANY),
    str_to_object: takes(1, 3),
    contains_key: OF_PATH,
    is_set: OF_PATH,
    nullify: takes(0),
    get_keys: takes(1),
    get_values: takes(2, 4),
    json_to_object: takes(1),
    // Maps.
    map_get_values: takes(2),
    map_has_keys: takes(2),
    add_to_map: takes(2, MANY),
    object_to_map: takes(1, MANY),
    array_to_map: takes(2),
    to_map: takes(1, MANY),
    // Arrays.
    coalesce: takes(1, MANY),
    first: takes(1, MANY),
    last: takes(1, MANY),
    add_to_array: takes(1, MANY),
    join_arrays: takes(1, MANY),
    to_array: takes(1, MANY),
    size_of: takes(1),
    upsert_array_append: takes(1),
    upsert_array_replace: takes(1, 2),
    // Choices and comparisons.
    decode: takes(3, MANY),
    iif: takes(3),
    min: takes(1, MANY),
    max: takes(1, MANY),
    // Types.
    to_bigint: takes(1),
    to_decimal: takes(1),
    to_float: takes(1),
    to_integer: takes(1),
    // Ids.
    uuid: CHANGING,
    guid: CHANGING,
    fpid_to_ecid: takes(1),
    // User agents.
    ua_os_name: takes(1),
    ua_os_version_major: takes(1),
    ua_os_version: takes(1),
    ua_os_name_version: takes(1),
    ua_agent_version: takes(1),
    ua_agent_version_major: takes(1),
    ua_agent_name: takes(1),
    ua_device_class: takes(1),
  } satisfies Record<string, FunctionFacts>),
);

/** Those that stand behind the value that they are about: `kind.equals("feedback")`, `str_to_object(…).get("plan")`. */
export const METHODS: ReadonlyMap<string, FunctionFacts> = new Map([
  ['equals', takes(1)],
  ['equalsIgnoreCase', takes(1)],
  ['get', takes(1)],
]);
