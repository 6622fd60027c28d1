/** Questions before something that cannot be taken back. On stderr: standard output is for data. */
import { confirm as ask, isCancel, text } from '@clack/prompts';

/** @returns false for no, and for Ctrl-C */
export async function confirm(question: string): Promise<boolean> {
  const answer = await ask({ message: question, initialValue: false, output: process.stderr });
  return !isCancel(answer) && answer;
}

/** @returns undefined for Ctrl-C */
export async function typed(question: string): Promise<string | undefined> {
  const answer = await text({ message: question, output: process.stderr });
  return isCancel(answer) ? undefined : answer;
}
