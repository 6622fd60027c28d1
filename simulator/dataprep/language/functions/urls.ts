import { textOf, type Value } from '../values.js';
import { type Arity, type DataPrepFunction, type FunctionTable, ofText } from './definition.js';

/** "If the input is invalid, it returns null." `URL.parse` came with Node 22. */
function urlPart(takes: Arity | number, part: (url: URL, rest: readonly Value[]) => Value): DataPrepFunction {
  return ofText(takes, (text, rest) => (URL.canParse(text) ? part(new URL(text), rest) : null), textOf);
}

/** The sample of the page gives 22 for an address of sftp that names none. */
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'ftp:': 21, 'sftp:': 22 };

function queryOf(url: URL, anchor: Value): Value {
  const query: Record<string, Value> = Object.fromEntries(url.searchParams);
  const name = url.hash.slice(1);
  const last = Object.keys(query).at(-1);
  if (name === '') return query;
  if (anchor === 'append') return { ...query, _anchor_: name };
  if (anchor === 'retain' && last !== undefined) return { ...query, [last]: `${textOf(query[last] ?? null)}#${name}` };
  return query;
}

/** "URL functions" of the Data Prep functions page. */
export const URL_FUNCTIONS: FunctionTable = {
  get_url_protocol: urlPart(1, (url) => url.protocol.slice(0, -1)),
  get_url_host: urlPart(1, (url) => url.hostname),
  get_url_port: urlPart(1, (url) => (url.port === '' ? (PORTS[url.protocol] ?? null) : Number(url.port))),
  get_url_path: urlPart({ min: 1, max: 2 }, (url, [isWhole = true]) =>
    isWhole === false ? url.pathname.slice(url.pathname.lastIndexOf('/') + 1) : url.pathname,
  ),
  get_url_query_str: urlPart(2, (url, [anchor = null]) => queryOf(url, anchor)),
  get_url_encoded: ofText(1, (text) => encodeURIComponent(text), textOf),
  get_url_decoded: ofText(1, (text) => decodeURIComponent(text), textOf),
};
