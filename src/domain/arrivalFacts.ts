/** Facts that are written down about an arrival and read back by the program itself. */

const WIDGET = 'posted for the widget ';

export function widgetFact(widget: string): string {
  return `${WIDGET}${widget}`;
}

/** The widget of an arrival, among its facts. */
export function widgetOf(facts: readonly string[]): string | undefined {
  return facts.find((fact) => fact.startsWith(WIDGET))?.slice(WIDGET.length);
}
