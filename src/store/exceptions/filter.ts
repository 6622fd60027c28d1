/** Which exceptions a person means: for those who look at them and those who decide about them. */
import { KIND_FACTS, KINDS } from '../../domain/events/kinds.js';

/**
 * The conditions of a filter, for the parameters `$1` source, `$2` reason, `$3` kind by its name, `$4` time; the last
 * three may be null.
 */
export function conditionsOf(table: string): string {
  return `${table}.source_id = $1 and ($2::text is null or ${table}.reason = $2)
       and ($3::text is null or ${table}.kind = (${JSON_OF_KINDS} ->> $3)::smallint)
       and ($4::timestamptz is null or ${table}.created_at < $4)`;
}

const JSON_OF_KINDS = `'${JSON.stringify(Object.fromEntries(KINDS.map((kind) => [kind, KIND_FACTS[kind].code])))}'::jsonb`;
