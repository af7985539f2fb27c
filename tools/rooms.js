// The rooms of src/ in import order: a room imports only itself and rooms above it. The linter's overrides (.oxlintrc.rooms.json) and the table in
// ARCHITECTURE.md are made from this list: UPDATE_DOCS=1 npx vitest run test/docs/architecture

/** A pure room has no I/O, clock, timer or process: plain JSON in, a value out. */
export const rooms = [
  {
    name: 'lib',
    pure: true,
    holds:
      'What any TypeScript program needs: JSON, JSON Patch, text, globs, suggestions, results, the logger and clock interfaces',
  },
  {
    name: 'kubernetes',
    pure: true,
    holds: 'Kubernetes objects and their semantics, without I/O: pods, owners, scheduling, quantities, names, labels',
  },
  {
    name: 'api',
    pure: true,
    holds: 'The public contract: label and annotation keys, the AgentProfile schema, the status annotation',
  },
  {
    name: 'reasons',
    pure: true,
    holds: 'Every reason for a decision: its type, its row (kind, meaning, hint) and its message',
  },
  {
    name: 'resources',
    pure: true,
    holds:
      'The status of AgentProfiles and targets in the cluster: conditions with their reasons, counts, what of it is new',
  },
  {
    name: 'profiles',
    pure: true,
    holds:
      'AgentProfile documents and the model they become: parsing, validation, `extends`, templates, matchers, the catalogue',
  },
  {
    name: 'settings',
    pure: true,
    holds:
      'Which value applies: container, pod, target, namespace, cluster default, profile default; which target selects a pod; misspelled and unknown keys',
  },
  {
    name: 'injection',
    pure: true,
    holds: 'Pod, settings and profiles to a plan, the plan to a JSON patch, and the verification of the patched pod',
  },
  {
    name: 'admission',
    pure: true,
    holds: 'AdmissionReview in, AdmissionReview out: opt-in, decision, warnings, audit annotations, Event messages',
  },
  {
    name: 'observer',
    pure: true,
    holds:
      'What became of injected pods: the state of each, what speaks for and against the agent as the cause, when circuit breakers open and close',
  },
  {
    name: 'migration',
    pure: true,
    holds:
      'Manifests for other injectors in our words: what each of their keys becomes, the settings and profiles that say the same, and what cannot be said',
  },
  {
    name: 'diagnostics',
    pure: true,
    holds:
      'What people ask: explanations, findings, audits, comparisons, checks of a cluster, profile lint and profile tests',
  },
  {
    name: 'policies',
    pure: true,
    holds:
      'Admission policies that do without a server what the webhook does: a profile as expressions of the Common Expression Language, or what of it has none',
  },
  {
    name: 'page',
    pure: true,
    holds: 'The page: what its server and its application say to each other, and what needs someone, in order',
  },
  {
    name: 'manifests',
    pure: false,
    holds: 'YAML files: reading them, finding the pods in them, editing their text so that comments and layout survive',
  },
  {
    name: 'images',
    pure: false,
    holds: 'Container images: reading their configs from registries, OCI layouts and saved files',
  },
  {
    name: 'cluster',
    pure: false,
    holds: 'Everything that talks to the API server: client, watches, caches, Events, the webhook configuration',
  },
  {
    name: 'profile-sources',
    pure: false,
    holds: 'Where profiles come from: built in, a directory that is reloaded, or resources of the cluster',
  },
  {
    name: 'page-app',
    pure: false,
    browser: true,
    holds: "The page's application, which runs in a browser: screens, texts in three languages, and the same decisions",
  },
  { name: 'metrics', pure: false, holds: 'Prometheus metrics: names, help texts, gauges, counters' },
  {
    name: 'certificates',
    pure: false,
    timeIsAnArgument: true,
    holds: 'Serving certificates: where they come from, how they are renewed and checked',
  },
  {
    name: 'config',
    pure: false,
    holds: 'Flags, environment variables and the configuration file as one configuration',
  },
  { name: 'webhook', pure: false, holds: 'The HTTPS server, its handler, the answer cache and load shedding' },
  {
    name: 'server',
    pure: false,
    holds: '`serve`: starts, connects and stops everything; the admin port, the audit loop, log output',
  },
  {
    name: 'page-server',
    pure: false,
    holds: 'The HTTP server of the page: who may see what, its files, its data, its events',
  },
  {
    name: 'cli',
    pure: false,
    holds: 'The command line: `program/` defines all commands and flags, and each command has a file or folder',
  },
];

/** The packages of pure rooms, none of which does I/O. Everything else that they import is in src/. */
export const purePackages = ['zod', 'fast-json-patch', 'fastest-levenshtein'];

/** An allow-list, in the syntax of .gitignore, so that new packages and paths inside of packages are refused too. */
const IMPURE_IMPORTS = ['*', '!./**', '!../**', ...purePackages.map((name) => `!${name}`)];

/** A room that runs in a browser. The build fails on a module of Node.js; this says so earlier. */
const BROWSER_IMPORTS = ['*', '!./**', '!../**', '!preact', '!preact/**', '!@preact/signals', '!yaml', '!diff', '!zod'];

const PURE_GLOBALS = [
  'Date',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'process',
  'console',
  'performance',
];

/** The linter's overrides that hold the order and the purity of the rooms. */
export function lintOverrides() {
  return rooms.map(({ name, pure, browser, timeIsAnArgument }, index) => {
    const below = [...rooms.slice(index + 1).map((room) => room.name), 'main\\.ts'];
    const patterns = [
      {
        regex: `^(\\.\\./)+(${below.join('|')})(/|$)`,
        message: `${name} comes before these rooms: see ARCHITECTURE.md`,
      },
      ...(pure
        ? [{ group: IMPURE_IMPORTS, message: `${name} is pure: it imports only src/ and ${purePackages.join(', ')}` }]
        : []),
      ...(browser
        ? [
            { group: BROWSER_IMPORTS, message: `${name} runs in a browser` },
            { regex: '^(\\.\\./)+(images|cluster)(/|$)', message: `${name} runs in a browser` },
          ]
        : []),
      ...(pure || browser || name === 'cluster'
        ? []
        : [{ regex: '^@kubernetes/client-node', message: 'only cluster imports the Kubernetes client' }]),
    ];
    return {
      files: [`src/${name}/**`],
      rules: {
        'eslint/no-restricted-imports': ['error', { patterns }],
        ...(pure && { 'eslint/no-restricted-globals': ['error', ...PURE_GLOBALS] }),
        ...(timeIsAnArgument && { 'eslint/no-restricted-globals': ['error', 'Date'] }),
      },
    };
  });
}
