import { type Command, Option } from 'commander';
import type { ExportPolicyOptions } from '../export/options.ts';
import { withConnectionFlags } from './cluster-flags.ts';
import { addCommand, collect, flagTexts, HELP_COMMAND, print } from './command.ts';

export function addExportCommand(program: Command): void {
  const command = addCommand(program, 'export', {
    summary: 'Write a profile as admission policies, which need no server',
    description: 'Writes a profile as objects that the API server itself carries out.',
    examples: [['Show the flags of the policies', 'export help policy']],
  });
  addPolicy(command);
  command.helpCommand(...HELP_COMMAND);
}

function addPolicy(parent: Command): void {
  const command = addCommand(parent, 'policy', {
    summary: 'Write a profile as admission policies of Kubernetes 1.36',
    description:
      'Writes a MutatingAdmissionPolicy that injects the profile as the webhook would, a ValidatingAdmissionPolicy that warns with the reason where it does ' +
      'not, and their bindings. What cannot be said in the Common Expression Language is an error that names it: exit code 1, and nothing is written.',
    examples: [
      [
        'Install the policies of a profile',
        'export policy --profile acme-dotnet --delivery persistentVolumeClaim --param server-address=apm.example.com | kubectl apply -f -',
      ],
      [
        'Take the values from a ConfigMap, and ask the API server first',
        'export policy --profile acme-dotnet --delivery persistentVolumeClaim --params-configmap apm/acme --verify > policy.yaml',
      ],
    ],
  })
    .requiredOption('--profile <NAME>', 'Profile to export.')
    .requiredOption('--delivery <NAME>', 'Delivery of the profile: a policy cannot choose one.')
    .option(
      '--param <NAME=VALUE>',
      'Value of a parameter, for pods and namespaces that set none. Can be repeated.',
      collect,
    )
    .option('--params-configmap <NAMESPACE/NAME>', 'ConfigMap with these values instead, by the names of parameters.')
    .option(
      '--namespace-selector <SELECTOR>',
      'Labels that a namespace must have, in addition to agent-injector.io/injection=enabled, such as team=shop,env!=test.',
    )
    .addOption(
      new Option(
        '--api <VERSION>',
        'Version of the MutatingAdmissionPolicy: v1 from Kubernetes 1.36 on, v1beta1 for 1.34 and 1.35.',
      )
        .choices(['v1', 'v1beta1'])
        .default('v1'),
    )
    .option('--profiles <DIR>', flagTexts.profiles)
    .option('--config <FILE>', flagTexts.config)
    .option('--verify', 'Also apply the objects to the cluster as a dry run, and print what the API server says.');
  withConnectionFlags(command).action(async (flags: ExportPolicyOptions) => {
    const { exportPolicy } = await import('../export/policy.ts');
    print(await exportPolicy(flags));
  });
}
