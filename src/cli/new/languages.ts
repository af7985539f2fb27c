import type { Language } from '../program/names.ts';

/** How an agent gets into a process of a language. `%DIR%` stands for the directory of the agent. */
export interface LanguageRow {
  readonly slot: string;
  /** Entries of `environment`, each with its lines. */
  readonly environment: readonly (readonly string[])[];
  /** What a test of the profile expects of the first variable. */
  readonly expected: readonly [name: string, value: string];
  /** The same with a value of the app's own. */
  readonly own: { readonly value: string; readonly expected: string };
}

export const languageRows: { readonly [language in Language]: LanguageRow } = {
  java: {
    slot: 'jvm-agent',
    environment: [
      ['name: JAVA_TOOL_OPTIONS', 'operation: append', 'separator: " "', 'value: -javaagent:%DIR%/agent.jar'],
    ],
    expected: ['JAVA_TOOL_OPTIONS', '-javaagent:%DIR%/agent.jar'],
    own: { value: '-Xmx1g', expected: '-Xmx1g -javaagent:%DIR%/agent.jar' },
  },
  dotnet: {
    slot: 'clr-profiler',
    environment: [
      ['name: CORECLR_PROFILER_PATH', 'value: %DIR%/agent.so', 'group: profiler'],
      ['name: CORECLR_ENABLE_PROFILING', 'value: "1"', 'group: profiler'],
      [
        'name: CORECLR_PROFILER',
        '# TODO: the GUID of the profiler.',
        'value: "{00000000-0000-0000-0000-000000000000}"',
        'group: profiler',
        'compare: guid',
      ],
    ],
    expected: ['CORECLR_PROFILER_PATH', '%DIR%/agent.so'],
    own: { value: '%DIR%/agent.so', expected: '%DIR%/agent.so' },
  },
  nodejs: {
    slot: 'node-agent',
    environment: [['name: NODE_OPTIONS', 'operation: append', 'separator: " "', 'value: --require %DIR%/agent.js']],
    expected: ['NODE_OPTIONS', '--require %DIR%/agent.js'],
    own: { value: '--max-old-space-size=512', expected: '--max-old-space-size=512 --require %DIR%/agent.js' },
  },
  python: {
    slot: 'python-sitecustomize',
    environment: [['name: PYTHONPATH', 'operation: prepend', 'separator: ":"', 'value: %DIR%']],
    expected: ['PYTHONPATH', '%DIR%'],
    own: { value: '/app/lib', expected: '%DIR%:/app/lib' },
  },
  php: {
    slot: 'php-agent',
    environment: [['name: PHP_INI_SCAN_DIR', 'operation: append', 'separator: ":"', 'value: %DIR%/ini']],
    expected: ['PHP_INI_SCAN_DIR', '%DIR%/ini'],
    own: { value: '/etc/php', expected: '/etc/php:%DIR%/ini' },
  },
};
