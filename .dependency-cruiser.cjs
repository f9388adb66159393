/** The rings of docs/architecture.md: apps -> adapters -> engine -> core. tools/rings.spec.ts proves that each rule bites. */
const SPEC = '\\.spec\\.ts$';
const TESTING = '^libs/triton-simulator/';
const ASSERT = '^(node:)?assert(/strict)?$';

/** The rooms of libs/core/src, the lowest first: each may need those before it, and only the types of those after it. */
const ROOMS = [
  'numbers',
  'fleet',
  'memory',
  'learned',
  'looks',
  'observe',
  'demand',
  'room',
  'loading',
  'placement',
  'answers',
  'explain',
  'scaling',
  'controllers',
];
/** The files beside the rooms: a turn, and what takes turns on a copy. */
const ABOVE_ROOMS = ['plan/', '[^/]+$'];

/** The rooms of apps/scheduler/src, the lowest first: each may need those before it. */
const ROOMS_OF_SCHEDULER = [
  ...['transport', 'cluster', 'admin', 'integrations', 'routing'].map((room) => `${room}/`),
  'app\\.module',
  'bootstrap/',
  'main\\.ts',
];

const schedulerInOrder = ROOMS_OF_SCHEDULER.slice(0, -1).map((room, at) => ({
  name: 'scheduler-in-order',
  comment: 'No room of the scheduler needs one above it, not even a type of it.',
  severity: 'error',
  from: { path: `^apps/scheduler/src/${room}`, pathNot: SPEC },
  to: { path: `^apps/scheduler/src/(${ROOMS_OF_SCHEDULER.slice(at + 1).join('|')})` },
}));

const roomsInOrder = [...ROOMS.keys()].map((at) => ({
  name: 'rooms-in-order',
  comment: 'No arrow leads back up, so no two rooms of the core need each other.',
  severity: 'error',
  from: { path: `^libs/core/src/${ROOMS[at]}/`, pathNot: SPEC },
  to: {
    path: `^libs/core/src/(${[...ROOMS.slice(at + 1).map((room) => `${room}/`), ...ABOVE_ROOMS].join('|')})`,
    dependencyTypesNot: ['type-only'],
  },
}));

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment:
        'Two files that need each other are one thing, or hide a third. Types alone need nothing at run time.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-circles-in-apps',
      comment: 'Who names the type of the whole composition sees all of it: each names what it uses.',
      severity: 'error',
      from: { path: '^apps/' },
      to: { circular: true },
    },
    {
      name: 'all-resolve',
      comment: 'An import that leads nowhere fails only at run time.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'core-imports-nothing',
      comment: 'What decides has no clock, no network and no library.',
      severity: 'error',
      from: { path: '^libs/core/', pathNot: SPEC },
      to: { pathNot: ['^libs/core/', ASSERT] },
    },
    ...roomsInOrder,
    ...schedulerInOrder,
    {
      name: 'turns-do-not-plan',
      comment: 'A plan takes turns; a turn knows of no plan. Only the index of the core names both.',
      severity: 'error',
      from: { path: '^libs/core/src/[^/]+$', pathNot: [SPEC, '^libs/core/src/index\\.ts$'] },
      to: { path: '^libs/core/src/plan/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'engine-imports-core',
      comment: 'The engine runs the core; the outside world reaches it through its ports.',
      severity: 'error',
      from: { path: '^libs/engine/', pathNot: SPEC },
      to: { pathNot: ['^libs/(engine|core)/', ASSERT] },
    },
    {
      name: 'adapters-do-not-meet',
      comment: 'An adapter is about one outside thing; apps bring them together.',
      severity: 'error',
      from: {
        path: '^libs/(?!core/|engine/|triton-simulator/|store-sqlite/|store-redis/)([^/]+)/',
        pathNot: SPEC,
      },
      to: { path: '^libs/', pathNot: '^libs/(core|engine|$1)/' },
    },
    {
      name: 'backends-know-rows',
      comment:
        'A place to keep rows serves the port `Rows` of libs/store, and knows nothing of what the rows say.',
      severity: 'error',
      from: { path: '^libs/store-sqlite/', pathNot: SPEC },
      to: { path: '^libs/', pathNot: '^libs/(store|store-sqlite)/' },
    },
    {
      name: 'redis-serves-two-ports',
      comment: 'Redis keeps rows, and the lease of the engine; it decides nothing.',
      severity: 'error',
      from: { path: '^libs/store-redis/', pathNot: SPEC },
      to: { path: '^libs/', pathNot: '^libs/(store|engine|store-redis)/' },
    },
    {
      name: 'libs-do-not-import-apps',
      comment: 'Dependencies point inward.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'nest-stays-in-apps',
      comment: 'The framework is a detail of the composition.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: ['(^|/)node_modules/@nestjs/', '^@nestjs/'] },
    },
    {
      name: 'apps-do-not-meet',
      comment: 'Apps are processes. The demo may start the simulated Triton.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/($1|triton-sim)/' },
    },
    {
      name: 'libs-through-their-index',
      comment: 'What index.ts does not export is free to change.',
      severity: 'error',
      from: { path: '^(?:apps|test|tools|libs/([^/]+))/' },
      to: { path: '^libs/[^/]+/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'libs-by-their-name',
      comment: 'Another lib is `#name`, never a path.',
      severity: 'error',
      from: { path: '^(?:apps|test|tools|libs/([^/]+))/' },
      to: { path: '^libs/', pathNot: '^libs/$1/', dependencyTypesNot: ['aliased-subpath-import'] },
    },
    {
      name: 'testing-only-in-tests',
      comment: 'What is made for tests and for the simulated Triton must not reach production.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: [SPEC, TESTING, '^apps/triton-sim/'] },
      to: { path: TESTING },
    },
    {
      name: 'tests-are-not-imported',
      comment: 'Only specs use what lies under test/ and tools/.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: SPEC },
      to: { path: '^(test|tools)/' },
    },
    {
      name: 'no-dev-dependencies-in-production',
      comment: 'An image without dev dependencies must run.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: [SPEC, TESTING] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|\\.cache|\\.triton|\\.node-versions)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.d.ts', '.mts', '.d.mts', '.js', '.mjs'],
    },
  },
};
