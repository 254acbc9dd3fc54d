// Which way imports run (`npm run check:imports`):
//   common <- session, record, storage, transformer, transport <- tracker <- http <- module <- entries (src/*.ts)
//   storage <- redis, postgres, testing; transformer <- testing
// Everybody may import errors.ts; siblings of one tier do not import each other. Type imports count.

const parts = ['session', 'record', 'storage', 'transformer', 'transport'];

/** What the files of a folder may import of src, besides the folder itself and errors.ts. */
const mayImport = {
  common: [],
  ...Object.fromEntries(parts.map((part) => [part, ['common']])),
  tracker: ['common', ...parts],
  http: ['common', ...parts, 'tracker'],
  module: ['common', ...parts, 'tracker', 'http'],
  redis: ['common', 'storage'],
  postgres: ['common', 'storage'],
  testing: ['common', 'storage', 'transformer'],
};

const folders = Object.keys(mayImport);
const entries = '^src/(index|devalue|testing|redis|postgres)[.]ts$';
const errors = '^src/errors[.]ts$';
const nest = '^node_modules/(@nestjs|rxjs)/';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...folders.map((folder) => ({
      name: `${folder}-imports-downwards`,
      comment: `src/${folder} may import ${['errors.ts', ...mayImport[folder]].join(', ')} of src, and itself`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^src/', pathNot: [`^src/(${[folder, ...mayImport[folder]].join('|')})/`, errors] },
    })),
    {
      name: 'errors-import-nothing',
      severity: 'error',
      from: { path: errors },
      to: { path: '^(src|node_modules)/' },
    },
    {
      name: 'known-folders-only',
      comment: 'A new folder of src takes its place among the tiers above; a new file beside the entries is an entry',
      severity: 'error',
      from: { path: '^src/', pathNot: [`^src/(${folders.join('|')})/`, entries, errors] },
      to: {},
    },
    {
      name: 'sources-only',
      comment: 'Sources do not import the library by its own name: that is the built package',
      severity: 'error',
      from: {},
      to: { path: '^dist/' },
    },
    {
      name: 'main-entry-stays-lean',
      comment: 'What has an entry of its own is not loaded by the main one',
      severity: 'error',
      from: { path: '^src/index[.]ts$' },
      to: { path: '^src/((redis|postgres|testing)(/|[.]ts$)|devalue[.]ts$|record/devalue-serializer[.]ts$)' },
    },
    {
      name: 'only-module-knows-nest',
      comment: 'Storages may import Injectable, Inject and Optional of @nestjs/common (oxlint looks at the names)',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/module/', '^src/(storage|redis|postgres)/'] },
      to: { path: nest },
    },
    {
      name: 'storage-knows-nest-common-only',
      severity: 'error',
      from: { path: '^src/(storage|redis|postgres)/' },
      to: { path: nest, pathNot: '^node_modules/@nestjs/common/' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: entries },
      to: {},
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'published-dependencies-only',
      comment: 'Who installs the package gets its dependencies and peers, nothing else; types included',
      severity: 'error',
      from: {},
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'npm-optional', 'deprecated'],
        dependencyTypesNot: ['npm-peer', 'npm'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.build.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
