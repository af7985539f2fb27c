import type { CommandOutput } from './command-result.ts';
import { yamlText } from './profiles/yaml.ts';

/** A value for programs, in the format that was asked for. */
export function dataOutput(format: 'json' | 'yaml', value: unknown): CommandOutput {
  return format === 'json' ? { kind: 'json', value } : { kind: 'document', text: yamlText(value) };
}
