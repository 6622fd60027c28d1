/** Facts that are written down about an arrival and read back by the program itself. */

/** What each such fact starts with. */
export const WIDGET_FACT = 'posted for the widget ';

export function widgetFact(widget: string): string {
  return `${WIDGET_FACT}${widget}`;
}

/** The widget of an arrival, among its facts. */
export function widgetOf(facts: readonly string[]): string | undefined {
  return facts.find((fact) => fact.startsWith(WIDGET_FACT))?.slice(WIDGET_FACT.length);
}
