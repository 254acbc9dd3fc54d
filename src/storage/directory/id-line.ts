import { isStorageId } from '../assert-storage-id.js';
import { readAt } from './files.js';

const LINE_END = '\n';
const LONGEST = 256;

/** What stands in front of a record's bytes, for whoever comes by its folder: the name of that does not tell the id. */
export function idLine(id: string): Uint8Array {
  return Buffer.from(id + LINE_END);
}

/** How many bytes that is: ids are ASCII. */
export function idLineLength(id: string): number {
  return id.length + LINE_END.length;
}

/**
 * Reads the id in front of a record's bytes.
 *
 * @param descriptor of the open file
 * @returns `undefined` when there is none: it was not this storage that wrote them
 */
export async function idIn(descriptor: number): Promise<string | undefined> {
  const buffer = Buffer.alloc(LONGEST);
  await readAt(descriptor, buffer, 0, LONGEST, 0);
  const [id = '', rest] = buffer.toString('latin1').split(LINE_END, 2);
  return rest !== undefined && isStorageId(id) ? id : undefined;
}
