import { FILE_ANNOTATION } from '../api/keys.ts';
import { normalPath } from '../kubernetes/mount-path.ts';
import { requiredTemplates } from '../profiles/delivery.ts';
import { type Template } from '../profiles/template.ts';
import { allOf, type Cel, type ComputedJson, Expression, joined, literal, quoted } from './cel.ts';
import { type EntryContext, isMet } from './environment.ts';
import { here, isComplete, rendered, type Rendering } from './values/templates.ts';

/** A volume of the profile, and what mounts it. */
export interface PolicyVolume {
  readonly name: string;
  readonly mounts: readonly PolicyMount[];
  readonly source: (rendering: Rendering) => { readonly [type: string]: ComputedJson };
  /** What differs between containers, which share the volume. */
  readonly varies: readonly Template[];
  readonly isNodeLocal: boolean;
}

export interface PolicyMount {
  readonly path: string;
  /** `i` and `c` are the container. */
  readonly isMounted: Cel;
  readonly mount: Cel;
  /** The mount must be there, and its path free; a mount of the author's takes the place of any other. */
  readonly isAgent: boolean;
}

/** All volumes in the order in which the webhook adds them: the agent, writable directories, configuration files, objects. */
export function volumesOf(context: EntryContext): readonly PolicyVolume[] {
  return [...agentVolume(context), ...writableVolumes(context), ...fileVolumes(context), ...objectVolumes(context)];
}

const isFree = (path: string): Cel => `!variables.taken[i].exists(t, t[0] == ${quoted(path)})`;

function agentVolume(context: EntryContext): readonly PolicyVolume[] {
  const { profile, delivery } = context;
  if (delivery.kind === 'preinstalled') return [];
  const mounts = profile.mounts.map((mount): PolicyMount => {
    const texts = [delivery.subPath, mount.subPath].filter((one) => one !== undefined);
    const isReadOnly = mount.readOnly || delivery.readOnly;
    const parts = texts.map((template) => {
      const text = isConstant(template)
        ? quoted(normalPath(constantText(template)).slice(1))
        : rendered(here(profile), template);
      return `(${isComplete(here(profile), template)}) ? [${text}].filter(s, s != "") : []`;
    });
    const base = { name: profile.name, mountPath: mount.path, ...(isReadOnly && { readOnly: true }) };
    const joinedParts = `(${joined(parts)}).join("/")`;
    const text =
      texts.length === 0
        ? literal(base)
        : `[${joinedParts}].map(s, s == "" ? ${literal(base)} : ${literal({ ...base, subPath: new Expression('s') })})[0]`;
    return { path: mount.path, isMounted: 'true', mount: text, isAgent: true };
  });
  const varies = requiredTemplates(delivery).map(([, template]) => template);
  return [
    { name: profile.name, mounts, source: (rendering) => sourceOf(context, rendering), varies, isNodeLocal: false },
  ];
}

function isConstant(template: Template): boolean {
  return template.every((part) => typeof part === 'string');
}

function constantText(template: Template): string {
  return template.map((part) => (typeof part === 'string' ? part : '')).join('');
}

/** The source of the volume with the files of the agent, as injection/files/volumes.ts writes it. */
function sourceOf({ delivery }: EntryContext, rendering: Rendering): { readonly [type: string]: ComputedJson } {
  const text = (template: Template): Expression => new Expression(rendered(rendering, template));
  switch (delivery.kind) {
    case 'persistentVolumeClaim':
      return { persistentVolumeClaim: { claimName: text(delivery.claimName) } };
    case 'image':
      return { image: { reference: text(delivery.reference), pullPolicy: delivery.pullPolicy } };
    case 'hostPath':
      return { hostPath: { path: text(delivery.path), type: delivery.pathType } };
    case 'csi': {
      const { driver, readOnly, fsType, attributes } = delivery;
      const values = Object.fromEntries([...attributes].map(([name, template]) => [name, text(template)] as const));
      return {
        csi: {
          driver,
          readOnly,
          ...(fsType !== undefined && { fsType }),
          ...(attributes.size > 0 && { volumeAttributes: values }),
        },
      };
    }
    case 'initContainer':
    case 'ephemeral':
    case 'preinstalled':
      return {};
  }
}

function writableVolumes(context: EntryContext): readonly PolicyVolume[] {
  return context.profile.writablePaths.map(({ path, volume: name, sizeLimit, when }) => ({
    name,
    mounts: [
      {
        path,
        isMounted: allOf([isMet(context, when), isFree(path)]),
        mount: literal({ name, mountPath: path, subPath: new Expression('string(c.name)') }),
        isAgent: false,
      },
    ],
    source: () => ({ emptyDir: { sizeLimit } }),
    varies: [],
    isNodeLocal: true,
  }));
}

/** The annotation that holds the text of a configuration file, and the file. */
export interface PolicyFile {
  readonly annotation: string;
  readonly content: Template;
  readonly isMounted: Cel;
}

function keyOf(profile: string, index: number): string {
  return `${FILE_ANNOTATION}${profile}${index === 0 ? '' : `.${index + 1}`}`;
}

export function filesOf(context: EntryContext): readonly PolicyFile[] {
  const { profile } = context;
  return profile.files.map(({ path, content, when }, index) => ({
    annotation: keyOf(profile.name, index),
    content,
    isMounted: allOf([isMet(context, when), isFree(path)]),
  }));
}

function fileVolumes(context: EntryContext): readonly PolicyVolume[] {
  const { profile } = context;
  return filesOf(context).map(({ annotation, content, isMounted }, index) => {
    const path = profile.files[index]?.path ?? '';
    const file = path.slice(path.lastIndexOf('/') + 1);
    const name = `${profile.name}-file${index === 0 ? '' : `-${index + 1}`}`;
    const fieldRef = { apiVersion: 'v1', fieldPath: `metadata.annotations['${annotation}']` };
    return {
      name,
      mounts: [
        { path, isMounted, mount: literal({ name, mountPath: path, subPath: file, readOnly: true }), isAgent: false },
      ],
      source: () => ({ downwardAPI: { items: [{ path: file, fieldRef }] } }),
      varies: [content],
      isNodeLocal: false,
    };
  });
}

function objectVolumes(context: EntryContext): readonly PolicyVolume[] {
  return context.profile.objects.map(({ path, volume: name, kind, name: object, when }) => ({
    name,
    mounts: [
      {
        path,
        isMounted: allOf([isMet(context, when), isFree(path)]),
        mount: literal({ name, mountPath: path, readOnly: true }),
        isAgent: false,
      },
    ],
    source: (rendering) => {
      const text = new Expression(rendered(rendering, object));
      if (kind === 'hostPath') return { hostPath: { path: text, type: 'DirectoryOrCreate' } };
      const rest = { optional: true, defaultMode: 0o644 };
      return kind === 'secret' ? { secret: { secretName: text, ...rest } } : { configMap: { name: text, ...rest } };
    },
    varies: [object],
    isNodeLocal: false,
  }));
}
