import type { FileHandle } from 'node:fs/promises';
import { ImageError } from './image-error.ts';

// POSIX ustar: blocks of 512 bytes; a header has the name at 0, the size at 124 (octal), the type at 156, the prefix of the name at 345.
const BLOCK = 512;
const MAX_ENTRIES = 100_000;

interface Entry {
  readonly offset: number;
  readonly size: number;
}

/**
 * The files of a tar by name. Only headers are read: layers of gigabytes are passed over, which is why this is not done by a streaming library.
 * Throws an ImageError.
 */
export async function readTarIndex(file: FileHandle): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>();
  const header = Buffer.alloc(BLOCK);
  const { size: end } = await file.stat();
  await file.read(header, 0, 2, 0);
  if (header[0] === 0x1f && header[1] === 0x8b)
    throw new ImageError('it is compressed: decompress it with gunzip first');
  let offset = 0;
  for (let count = 0; offset + BLOCK <= end; count++) {
    if (count === MAX_ENTRIES) throw new ImageError(`it has more than ${MAX_ENTRIES} entries`);
    // oxlint-disable-next-line eslint/no-await-in-loop -- each header says where the next one is
    await file.read(header, 0, BLOCK, offset);
    if (header.every((byte) => byte === 0)) break;
    const size = sizeIn(header);
    if (!hasChecksum(header) || size === undefined) throw new ImageError('it is not a tar file');
    const type = header.toString('latin1', 156, 157);
    if (type === '0' || type === '\0') entries.set(nameIn(header), { offset: offset + BLOCK, size });
    offset += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return entries;
}

function nameIn(header: Buffer): string {
  const prefix = header.toString('latin1', 257, 262) === 'ustar' ? textIn(header, 345, 155) : '';
  const name = textIn(header, 0, 100);
  return (prefix === '' ? name : `${prefix}/${name}`).replace(/^\.\//, '');
}

function textIn(header: Buffer, offset: number, length: number): string {
  const text = header.toString('utf8', offset, offset + length);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** GNU tar writes sizes of 8 GiB and more as a number of 12 bytes whose first bit is set. */
function sizeIn(header: Buffer): number | undefined {
  const size =
    ((header[124] ?? 0) & 0x80) === 0
      ? Number.parseInt(textIn(header, 124, 12).trim() || '0', 8)
      : Number(header.readBigUInt64BE(128));
  return Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}

/** The sum of all bytes, with those of the checksum taken as spaces. */
function hasChecksum(header: Buffer): boolean {
  const written = Number.parseInt(textIn(header, 148, 8).trim(), 8);
  let sum = 0;
  for (const [index, byte] of header.entries()) sum += index >= 148 && index < 156 ? 0x20 : byte;
  return sum === written;
}
