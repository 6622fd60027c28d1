/** An update sent with Temporal's own command line; in two lines, as the UI's column is too narrow for one. */
export function updateByHand(workflowId: string, update: string): readonly string[] {
  return ['temporal workflow update execute \\', `  --workflow-id ${workflowId} --name ${update} --input '{}'`];
}
