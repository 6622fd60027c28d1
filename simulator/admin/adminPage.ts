/** One plain page: what exists, what landed, which faults are on, the latest requests. No script, nothing loaded. */
import type { Admin } from './admin.js';

const REQUESTS_SHOWN = 50;

const STYLE = `
  body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1c2128 }
  h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
  table { border-collapse: collapse; width: 100% }
  th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #d8dee4; vertical-align: top }
  th { font-weight: 600; color: #57606a; font-size: .85rem }
  td.number { text-align: right; font-variant-numeric: tabular-nums }
  code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere }
  .bad { color: #b3261e } .quiet { color: #57606a }`;

type Cell = string | number;

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

const code = (text: string) => `<code>${escapeHtml(text)}</code>`;

/** @param rows cells that are text stand as HTML already */
function table(title: string, heads: readonly string[], rows: ReadonlyArray<readonly Cell[]>, ifNone: string): string {
  const heading = `<h2>${title}</h2>`;
  if (rows.length === 0) return `${heading}<p class="quiet">${ifNone}</p>`;
  const cell = (value: Cell) => (typeof value === 'number' ? `<td class="number">${value}</td>` : `<td>${value}</td>`);
  const body = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n');
  return `${heading}<table><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr>\n${body}</table>`;
}

const time = (ms: number) => new Date(ms).toISOString().replace('T', ' ').slice(0, 19);

export async function adminPage(admin: Admin): Promise<string> {
  const objects = admin
    .objects()
    .map((one) => [
      escapeHtml(one.sandboxName),
      escapeHtml(one.kind),
      escapeHtml(one.name),
      escapeHtml(one.state ?? ''),
      code(one.id),
      time(one.createdAtMs),
    ]);
  const landed = (await admin.landed()).map((one) => [
    escapeHtml(one.scope.sandboxName),
    escapeHtml(one.datasetName),
    one.rows,
    one.distinctIds,
    one.failedRecords,
    one.newestAtMs === undefined ? '' : time(one.newestAtMs),
  ]);
  const faults = admin.faults
    .list()
    .map(({ rule, seen, hits }) => [code(JSON.stringify(rule.match)), code(JSON.stringify(rule.fault)), seen, hits]);
  const changed = admin.policy
    .describe()
    .filter((policy) => policy.value !== policy.default)
    .map(({ name, value, about }) => [code(name), code(String(value)), escapeHtml(about)]);
  const requests = admin.journal
    .list({ limit: REQUESTS_SHOWN })
    .toReversed()
    .map((one) => [
      time(one.atMs),
      one.status >= 400 || one.status === 0 ? `<span class="bad">${one.status}</span>` : String(one.status),
      `${one.method} ${code(one.path)}`,
      escapeHtml(one.faults.join(', ')),
      escapeHtml(one.notes.join(', ')),
      one.durationMs,
    ]);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Adobe simulator</title><style>${STYLE}</style></head><body>
<h1>Adobe simulator</h1>
<p class="quiet">Simulated time ${time(admin.nowMs())} UTC. Everything on this page is also JSON, under <code>/__sim/api</code>.</p>
${table('What landed', ['sandbox', 'dataset', 'rows', 'different ids', 'failed', 'newest'], landed, 'No dataset yet.')}
${table('What exists', ['sandbox', 'kind', 'name', 'state', 'id', 'created'], objects, 'Nothing yet.')}
${table('Faults', ['where', 'what', 'seen', 'hit'], faults, 'None: every service behaves.')}
${table('Policy off its default', ['name', 'value', 'what it stands for'], changed, 'Everything at its default.')}
${table('Latest requests', ['time', 'status', 'request', 'faults', 'notes', 'ms'], requests, 'None yet.')}
</body></html>`;
}
