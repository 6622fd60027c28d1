/** Where a process's time goes, from the CPU profiles that Node writes: each sample counts for the stage that it was in. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A stage and how its frames are told: `function file`, the file with its folder. */
export type Landmarks = readonly (readonly [stage: string, frame: RegExp])[];

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/** @returns the share of each stage in what the process with this id was busy with, its threads together */
export function stagesOf(profileDir: string, pid: number, landmarks: Landmarks, rest: string): Map<string, number> {
  const files = readdirSync(profileDir).filter((name) => name.split('.')[3] === String(pid));
  const micros = new Map<string, number>();
  for (const file of files) addProfile(micros, readProfile(join(profileDir, file)), landmarks, rest);
  const busy = [...micros.values()].reduce((sum, value) => sum + value, 0);
  return new Map([...micros].map(([stage, value]) => [stage, value / busy]));
}

function readProfile(file: string): Profile {
  return JSON.parse(readFileSync(file, 'utf8')) as Profile;
}

function addProfile(micros: Map<string, number>, profile: Profile, landmarks: Landmarks, rest: string): void {
  const stages = stageOfEachNode(profile.nodes, landmarks, rest);
  for (const [index, id] of profile.samples.entries()) {
    const stage = stages.get(id);
    if (stage !== undefined) micros.set(stage, (micros.get(stage) ?? 0) + (profile.timeDeltas[index] ?? 0));
  }
}

/** A frame without a landmark belongs to the stage of its caller. Idle ones have none. */
function stageOfEachNode(nodes: readonly ProfileNode[], landmarks: Landmarks, rest: string): Map<number, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const stages = new Map<number, string>();
  const visit = (node: ProfileNode, inherited: string): void => {
    const { functionName, url } = node.callFrame;
    const frame = `${functionName} ${url}`;
    const stage = landmarks.find(([, pattern]) => pattern.test(frame))?.[0] ?? inherited;
    if (functionName !== '(idle)') stages.set(node.id, stage);
    for (const child of node.children ?? []) {
      const next = byId.get(child);
      if (next !== undefined) visit(next, stage);
    }
  };
  const root = nodes[0];
  if (root !== undefined) visit(root, rest);
  return stages;
}
