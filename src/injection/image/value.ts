import type { ImageFacts } from '../../kubernetes/images/facts.ts';
import { escapeForKubelet } from '../../profiles/template.ts';

/** The value that an image gives a variable, as text that the kubelet leaves as it is. Undefined if it sets none, or an empty one, or is not known. */
export type ImageLookup = (name: string) => string | undefined;

/** A program sees the variables of its image and those of its container, which win. So the image's value ends where the container has the name. */
export function imageValues(facts: ImageFacts | undefined): ImageLookup {
  if (!facts || facts.variables.length === 0) return NONE;
  return (name) => {
    const value = facts.variables.find((variable) => variable.name === name)?.value;
    return value === undefined || value === '' ? undefined : escapeForKubelet(value);
  };
}

const NONE: ImageLookup = () => undefined;
