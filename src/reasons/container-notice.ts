/** What is told of a container, a label or an annotation, whatever was decided. */
export type ContainerNotice =
  | {
      readonly code: 'advisory';
      readonly profile: string;
      readonly advisory: string;
      readonly message: string;
      readonly container: string;
    }
  | { readonly code: 'foreign-agent-present'; readonly vendor: string; readonly at: string; readonly container: string }
  | {
      readonly code: 'misplaced-key';
      readonly as: 'label' | 'annotation';
      readonly key: string;
      readonly kind: string;
      readonly name: string;
    }
  | { readonly code: 'unknown-label'; readonly label: string; readonly value: string; readonly expected: string };
