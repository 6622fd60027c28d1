/** What `contents` means for what leaves, and which of Adobe's limits it is about: as `plan`, `doctor` and the documents say it. */
import type { Contents } from './projection.js';

/** Adobe, "Default guardrails for Real-Time Customer Profile data and segmentation". */
export const GUARDRAILS_PAGE = 'https://experienceleague.adobe.com/docs/experience-platform/profile/guardrails.html';

export const CONTENTS_MEANING: Readonly<Record<Contents, string>> = {
  full: 'Texts leave whole; only an event above 900,000 bytes is shortened, its longest texts first.',
  compact: 'An event leaves with less than 8,000 bytes: texts are cut, and elements are taken off the ends of lists.',
};

/** What follows of {@link PROFILE_LIMITS}. */
export const CONTENTS_ADVICE: Readonly<Record<Contents, string>> = {
  full: 'Meant for datasets that are not enabled for Profile.',
  compact: 'Meant for datasets that are or will be enabled for Profile.',
};

export const PROFILE_LIMITS =
  'Profile drops an ExperienceEvent above 10 KB without telling the sender, and the data lake keeps it; Adobe recommends at most ten entries in an array of an event.';

/** What it costs that paths are not even kept. */
export function storedNotes(without: readonly string[]): readonly string[] {
  if (without.length === 0) return [];
  return [
    `Not even kept: ${without.join(', ')}, with what repeats them. No later mapping can send that, \`--reveal\` cannot show it, and what differs in it is not told of copies. Event ids, conflicts and times are of the whole webhook all the same. What was kept before stays kept; a webhook that cannot be read is held as it was posted.`,
  ];
}

/** Of contents in one line, for whoever reads no table. */
export function contentsLine(contents: Contents): string {
  return `${CONTENTS_MEANING[contents]} ${PROFILE_LIMITS} ${CONTENTS_ADVICE[contents]} (${GUARDRAILS_PAGE})`;
}
