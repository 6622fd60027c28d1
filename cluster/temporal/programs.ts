/** The programs of a Temporal cluster, built with Go: the server, the tool for its tables, and the UI. */
import { codedError } from '../../src/domain/errors.js';
import { type GoProgram, obtainGoProgram, type ObtainOptions } from '../../src/temporal/devServer/goProgram.js';

/** The current server, and the oldest supported one (README), each with the UI of its time. */
const RELEASES = {
  '1.32.2': { ui: '2.58.1', oldestGo: [1, 26, 10] },
  '1.29.1': { ui: '2.42.1', oldestGo: [1, 25, 0] },
} as const;

export type ServerVersion = keyof typeof RELEASES;

export const SERVER_VERSIONS = Object.keys(RELEASES) as readonly ServerVersion[];
export const NEWEST_SERVER: ServerVersion = '1.32.2';

function programsOf(version: ServerVersion) {
  const { ui, oldestGo } = RELEASES[version];
  return {
    server: {
      name: 'Temporal server',
      package: 'go.temporal.io/server/cmd/server',
      version,
      folder: 'temporal-server',
      file: 'temporal-server',
      minutes: 5,
      oldestGo,
    },
    sqlTool: {
      name: 'SQL tool of Temporal',
      package: 'go.temporal.io/server/cmd/tools/sql',
      version,
      folder: 'temporal-sql-tool',
      file: 'temporal-sql-tool',
      minutes: 1,
      oldestGo,
    },
    ui: {
      name: 'Temporal UI',
      package: 'github.com/temporalio/ui-server/v2/cmd/server',
      version: ui,
      folder: 'temporal-ui-server',
      file: 'temporal-ui-server',
      minutes: 2,
      oldestGo,
    },
  } satisfies Record<string, GoProgram>;
}

/** Paths. */
export type ClusterPrograms = Readonly<Record<keyof ReturnType<typeof programsOf>, string>>;

/** @throws CodedError `CAEP_TEMPORAL_NOT_STARTED` where one cannot be built */
export async function obtainClusterPrograms(version: ServerVersion, options: ObtainOptions): Promise<ClusterPrograms> {
  const programs = programsOf(version);
  // One after the other: each build takes all cores.
  const server = await obtain(programs.server, options);
  const sqlTool = await obtain(programs.sqlTool, options);
  return { server, sqlTool, ui: await obtain(programs.ui, options) };
}

async function obtain(program: GoProgram, options: ObtainOptions): Promise<string> {
  const path = await obtainGoProgram(program, options);
  if (path !== undefined) return path;
  const reason = `${program.name} ${program.version} could not be built, which needs Go and its module proxy`;
  throw codedError('CAEP_TEMPORAL_NOT_STARTED', { reason });
}
