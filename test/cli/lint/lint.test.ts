import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../support/process.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agent-injector-lint-'));
});
afterAll(() => rm(dir, { recursive: true }));

const good = `apiVersion: agent-injector.io/v1alpha1
kind: AgentProfile
metadata:
  name: acme
spec:
  vendor: Acme
  description: An agent
  constraints:
    os: [linux]
  slots: [jvm-agent]
  parameters:
    - name: collector
      type: host
      required: true
      description: Where to
  deliveries:
    - image:
        reference: registry.example.com/acme:1.2.3
    - preinstalled: {}
  mounts:
    - path: /acme
  environment:
    - name: JAVA_TOOL_OPTIONS
      operation: append
      separator: " "
      value: -javaagent:/acme/acme.jar
    - name: ACME_COLLECTOR
      value: \${collector}
  tests:
    - name: plain
      kubernetes: "1.36"
      namespace:
        collector: acme.example.com
      expect:
        outcome: injected
        environment:
          ACME_COLLECTOR: acme.example.com
`;

/** Writes a file and lints it; returns the lines without the file name. */
const lint = async (text: string, ...flags: readonly string[]) => {
  await writeFile(join(dir, 'acme.yaml'), text);
  const { code, stdout, stderr } = await run(['lint', ...flags, 'acme.yaml'], { cwd: dir });
  expect(stderr).toBe('');
  return {
    code,
    lines: stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^acme\.yaml:/, '')),
  };
};

/** The good profile with one change. */
const changed = (from: string, to: string): string => {
  expect(good).toContain(from);
  return good.replace(from, to);
};

describe('a profile in the form of a resource of the cluster', () => {
  const derived = (fields: string): string =>
    `apiVersion: agent-injector.io/v1alpha1\nkind: AgentProfile\nmetadata:\n  name: our-java\nspec:\n  derived:\n    extends: opentelemetry-java\n${fields}`;

  it('is one like in a file, with its problems where they stand', async () => {
    await writeFile(join(dir, 'derived.yaml'), derived('    description: Ours\n'));
    expect(await run(['lint', join(dir, 'derived.yaml')])).toMatchObject({ code: 0 });
    await writeFile(join(dir, 'derived-wrong.yaml'), derived('    deliveriez: []\n'));
    const { code, stdout } = await run(['lint', join(dir, 'derived-wrong.yaml')]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/derived-wrong\.yaml:8:5: error: spec\.deliveriez: /);
  });
});

describe('lint', () => {
  it('reports no problems for a valid profile', async () => {
    expect(await lint(good)).toEqual({ code: 0, lines: ['1 profile, 1 test: no problems'] });
  });

  it('reports no problems for the built-in profiles, by default and by their files', async () => {
    const built = await run(['lint']);
    expect(built.stdout).toMatch(/^\d+ profiles?, \d+ tests: no problems\n$/);
    expect(built.code).toBe(0);
    const agents = join(import.meta.dirname, '../../../src/agents');
    const count = (await readdir(agents)).filter((name) => name.endsWith('.yaml')).length;
    const byFile = await run(['lint', agents]);
    expect(byFile.stdout).toBe(built.stdout);
    expect(byFile.stdout).toMatch(new RegExp(`^${count} profile`));
  });

  it.each([
    [
      'an unknown key',
      '  vendor: Acme',
      '  vendor: Acme\n  vendour: x',
      '7:3: error: spec.vendour: unknown field; did you mean "vendor"?',
    ],
    ['a wrong type', 'vendor: Acme', 'vendor: 7', '6:11: error: spec.vendor: must be a string: write "7" in quotes'],
    ['an empty value, at its key', 'vendor: Acme', 'vendor:', '6:3: error: spec.vendor: is empty; it must be a string'],
    [
      'a missing key, at its parent',
      '  vendor: Acme\n',
      '',
      '5:1: error: spec.vendor: is missing; it must be a string',
    ],
    [
      'a missing key in a list',
      '      type: host\n',
      '',
      /^12:7: error: spec\.parameters\[0\]\.type: is missing; it must be one of string, /,
    ],
    [
      'an unknown word',
      'os: [linux]',
      'os: [linus]',
      '9:10: error: spec.constraints.os[0]: must be one of linux, windows; did you mean "linux"?',
    ],
    [
      'an undeclared parameter',
      '${collector}',
      '${colector}',
      '28:14: error: spec.environment[1].value: refers to the unknown parameter "colector"; did you mean "collector"?',
    ],
    [
      'a parameter in the brackets of a variable',
      '${collector}',
      '$(collector)',
      /^28:14: error: .*\$\(collector\).*\$\{collector\}/,
    ],
    [
      'a circular reference',
      '${collector}',
      '$(ACME_COLLECTOR)',
      '28:14: error: spec.environment[1].value: refers to itself: ACME_COLLECTOR → ACME_COLLECTOR',
    ],
    [
      'an unknown slot',
      'jvm-agent',
      'jmv-agent',
      '10:11: error: spec.slots[0]: unknown slot "jmv-agent"; did you mean "jvm-agent"?',
    ],
    [
      'a duplicate name',
      '    - name: ACME_COLLECTOR\n',
      '    - name: JAVA_TOOL_OPTIONS\n',
      /^27:7: error: spec\.environment\[1\]: duplicate of "JAVA_TOOL_OPTIONS"/,
    ],
    [
      'an unknown base profile',
      '  vendor: Acme',
      '  vendor: Acme\n  extends: acmee',
      /^7:12: error: spec\.extends: unknown profile "acmee"/,
    ],
    ['invalid YAML', '  vendor: Acme', '  vendor: "Acme', /^\d+:\d+: error: /],
    [
      'an unknown setting in a test',
      '        collector:',
      '        colector:',
      '33:9: error: spec.tests[0].namespace.colector: is neither a setting nor a parameter; did you mean "collector"?',
    ],
    [
      'an unknown reason in a test',
      'outcome: injected',
      'outcome: skipped\n        reason: missing-param',
      '36:17: error: spec.tests[0].expect.reason: unknown reason "missing-param"; did you mean "missing-parameter"?',
    ],
    [
      'an unknown delivery in a test',
      'outcome: injected',
      'outcome: injected\n        delivery: imag',
      '36:19: error: spec.tests[0].expect.delivery: unknown delivery "imag"; did you mean "image"?',
    ],
    [
      'an unknown advisory in a test',
      'outcome: injected',
      'outcome: injected\n        advisories: [slow]',
      '36:22: error: spec.tests[0].expect.advisories[0]: unknown advisory "slow"',
    ],
    [
      'an unknown conflict in a test',
      'outcome: injected',
      'outcome: skipped\n        conflict: other',
      '36:19: error: spec.tests[0].expect.conflict: unknown conflict "other"',
    ],
    [
      'a failing test',
      'ACME_COLLECTOR: acme.example.com',
      'ACME_COLLECTOR: other.example.com',
      '37:27: error: spec.tests[0].expect.environment.ACME_COLLECTOR: test "plain": ACME_COLLECTOR of container app is "acme.example.com", expected "other.example.com"',
    ],
  ])('reports position and cause of %s', async (_, from, to, expected) => {
    const { code, lines } = await lint(changed(from, to));
    expect(code).toBe(1);
    expect(lines[0]).toEqual(expected instanceof RegExp ? expect.stringMatching(expected) : expected);
    expect(lines[1]).toMatch(/^[01] profiles?, [01] tests?( \(1 failed\))?: 1 error$/);
  });

  it.each([
    [
      'no tag',
      ':1.2.3',
      '',
      /^18:20: warning: spec\.deliveries\[0\]\.image\.reference: "registry\.example\.com\/acme" has no tag: /,
    ],
    [
      'the latest',
      ':1.2.3',
      ':latest',
      /^18:20: warning: spec\.deliveries\[0\]\.image\.reference: "registry\.example\.com\/acme:latest" has the tag "latest": /,
    ],
    [
      'no tag after a port',
      'registry.example.com/acme:1.2.3',
      'registry.example.com:5000/acme',
      /^18:20: warning: .*has no tag/,
    ],
    [
      'an unused parameter',
      '      description: Where to',
      '      description: Where to\n    - {name: level, type: word, description: How much}',
      '16:14: warning: spec.parameters[1].name: "level" is not used in this profile',
    ],
    [
      'the name of a built-in profile',
      'name: acme',
      'name: jennifer-dotnet',
      '4:9: warning: metadata.name: "jennifer-dotnet" replaces the built-in profile of that name: choose another name, or extend it (spec.extends: jennifer-dotnet)',
    ],
  ])('warns about %s, which fails with --strict only', async (_, from, to, expected) => {
    const text = changed(from, to);
    const { code, lines } = await lint(text);
    expect(lines[0]).toEqual(expected instanceof RegExp ? expect.stringMatching(expected) : expected);
    expect(lines.slice(1)).toEqual(['1 profile, 1 test: 1 warning']);
    expect(code).toBe(0);
    expect((await lint(text, '--strict')).code).toBe(1);
  });

  it('checks the default of a parameter that names the image', async () => {
    const text = changed('reference: registry.example.com/acme:1.2.3', 'reference: ${image}').replace(
      '  deliveries:',
      '    - {name: image, type: image, default: registry.example.com/acme, description: The image}\n  deliveries:',
    );
    expect((await lint(text)).lines[0]).toMatch(
      /^16:43: warning: spec\.parameters\[1\]\.default: "registry\.example\.com\/acme" has no tag/,
    );
  });

  it('warns about missing digests and tests with --strict', async () => {
    const digest = `@sha256:${'0'.repeat(64)}`;
    const { code, lines } = await lint(good.slice(0, good.indexOf('  tests:')), '--strict');
    expect(lines).toEqual([
      '5:1: warning: spec.tests: is missing: add at least one test',
      '5:1: warning: spec.signsOfLife: is missing: add what shows that the agent works, or why no sign is known (unknown)',
      '18:20: warning: spec.deliveries[0].image.reference: "registry.example.com/acme:1.2.3" is not pinned: a tag can be moved, a digest (@sha256:…) cannot',
      '1 profile, 0 tests: 3 warnings',
    ]);
    expect(code).toBe(1);
    const signs = '  signsOfLife: {unknown: it is silent}\n';
    expect((await lint(changed(':1.2.3', `:1.2.3${digest}`) + signs, '--strict')).code).toBe(0);
    expect((await lint(changed(':1.2.3', digest) + signs, '--strict')).code).toBe(0);
  });

  it('reports all problems of all documents of a file, in order', async () => {
    const second = good.replace('name: acme', 'name: other').replace('injected', 'skipped');
    const broken = good
      .replace('vendor', 'vendour')
      .replace('os: [linux]', 'os: []')
      .replace('name: acme', 'name: third');
    const { code, lines } = await lint([good, second, broken, good].join('---\n'));
    const length = good.split('\n').length;
    expect(code).toBe(1);
    expect(lines).toEqual([
      `${length + 35}:18: error: spec.tests[0].expect.outcome: test "plain": the outcome is injected, expected skipped`,
      `${2 * length + 5}:1: error: spec.vendor: is missing; it must be a string`,
      `${2 * length + 6}:3: error: spec.vendour: unknown field; did you mean "vendor"?`,
      `${2 * length + 9}:5: error: spec.constraints.os: must have at least one entry`,
      `${3 * length + 4}:9: error: metadata.name: "acme" is already defined in acme.yaml`,
      '4 profiles, 2 tests (1 failed): 5 errors',
    ]);
    const unreadable = await lint(`${good}---\na: b: c\n---\n${broken}`);
    expect(unreadable.lines.map((line) => line.split(': ')[0])).toEqual([
      `${length + 1}:4`,
      `${length + 7}:1`,
      `${length + 8}:3`,
      `${length + 11}:5`,
      '2 profiles, 1 test',
    ]);
  });

  it('checks what a profile inherits, and reports positions in its own document', async () => {
    const derived = (rest: string): string =>
      `${good}---\n{apiVersion: agent-injector.io/v1alpha1, kind: AgentProfile, metadata: {name: ours},\n  spec: {extends: acme, ${rest}}}\n`;
    expect(await lint(derived('parameters: [{name: collector, default: acme.example.com}]'))).toEqual({
      code: 0,
      lines: ['2 profiles, 1 test: no problems'],
    });
    expect((await lint(derived('parameters: [{name: collector, default: a b}]'))).lines).toEqual([
      '40:65: error: spec.parameters[0].default: must be a host name or an IP address',
      '2 profiles, 1 test: 1 error',
    ]);
    expect((await lint(derived('tests: [{name: derived, expect: {outcome: injected}}]'))).lines[0]).toMatch(
      /^40:67: error: spec\.tests\[0\]\.expect\.outcome: test "derived": the outcome is skipped \(missing-parameter/,
    );
  });

  it('rejects files without AgentProfiles', async () => {
    expect((await lint('apiVersion: v1\nkind: ConfigMap\n')).lines[0]).toMatch(
      /^2:7: error: not an AgentProfile: .*kind must be "AgentProfile".* inject -f/,
    );
    expect((await lint('# nothing\n')).lines).toEqual([
      '1:1: error: no AgentProfile found',
      '0 profiles, 0 tests: 1 error',
    ]);
    expect((await lint('- a\n')).code).toBe(1);
    await writeFile(join(dir, 'bytes.yaml'), Buffer.from([0xff, 0xfe, 0x00]));
    expect((await run(['lint', 'bytes.yaml'], { cwd: dir })).stdout).toMatch(
      /^bytes\.yaml: error: is not valid UTF-8\n/,
    );
  });

  it('reads directories without hidden files and subdirectories, and standard input', async () => {
    const room = join(dir, 'room');
    await mkdir(join(room, 'below.yaml'), { recursive: true });
    await writeFile(join(room, 'b.yaml'), good.replace('vendor', 'vendour'));
    await writeFile(join(room, 'a.yml'), good.replace('name: acme', 'name: other').replace('linux', 'linus'));
    await writeFile(join(room, '.hidden.yaml'), 'a: b: c');
    await writeFile(join(room, 'note.txt'), 'a: b: c');
    const { stdout } = await run(['lint', 'room', 'room/a.yml'], { cwd: dir });
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(': ')[0]),
    ).toEqual(['room/a.yml:9:10', 'room/b.yaml:5:1', 'room/b.yaml:6:3', '2 profiles, 0 tests']);
    const piped = await run(['lint', '-'], { stdin: good.replace('linux', 'linus') });
    expect(piped.stdout).toMatch(/^standard input:9:10: error: spec\.constraints\.os\[0\]/);
  });

  it('prints JSON', async () => {
    await writeFile(join(dir, 'acme.yaml'), good.replace('injected', 'skipped').replace(':1.2.3', ''));
    const { code, stdout } = await run(['lint', '-o', 'json', 'acme.yaml'], { cwd: dir });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      errors: 1,
      warnings: 1,
      profiles: [{ name: 'acme', file: 'acme.yaml', tests: [{ name: 'plain', passed: false }] }],
      remarks: [
        {
          severity: 'warning',
          file: 'acme.yaml',
          line: 18,
          column: 20,
          profile: 'acme',
          path: 'spec.deliveries[0].image.reference',
          message: expect.stringContaining('has no tag'),
        },
        {
          severity: 'error',
          file: 'acme.yaml',
          line: 35,
          column: 18,
          profile: 'acme',
          path: 'spec.tests[0].expect.outcome',
          message: 'test "plain": the outcome is injected, expected skipped',
        },
      ],
    });
  });

  it.each([
    ['a path that does not exist', ['nowhere.yaml'], 'nowhere.yaml'],
    ['a directory without profiles', ['empty'], 'empty: no file that ends in .yaml or .yml'],
    ['an unknown output format', ['-o', 'xml'], 'Allowed choices are text, json'],
    ['an unknown flag', ['--stric'], "unknown option '--stric'"],
  ])('fails with exit code 2 for %s', async (_, args, message) => {
    await mkdir(join(dir, 'empty'), { recursive: true });
    const { code, stdout, stderr } = await run(['lint', ...args], { cwd: dir });
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it('survives hostile input', async () => {
    for (const text of [
      '['.repeat(20_000),
      `a: &a [x]\n${Array.from({ length: 50 }, (_, index) => `b${index}: [*a, *a]`).join('\n')}\n`,
      `{apiVersion: agent-injector.io/v1alpha1, kind: AgentProfile, metadata: {name: acme}, spec: {environment: [${'{name: A},'.repeat(5000)}]}}`,
      await readFile(join(import.meta.dirname, '../../../package-lock.json'), 'utf8'),
    ]) {
      const { code } = await lint(text);
      expect(code).toBe(1);
    }
  });
});
