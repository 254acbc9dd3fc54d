const ID = /^[A-Za-z0-9_-]{1,255}$/;

/** Whether a text may be an id: 1 to 255 characters of `[A-Za-z0-9_-]`, which every engine and file system can take as it is. */
export function isStorageId(id: string): boolean {
  return ID.test(id);
}

/**
 * Guards a storage's methods against what is no id.
 *
 * @throws {TypeError} without quoting it: it may be anything
 */
export function assertStorageId(id: string): void {
  if (!isStorageId(id)) throw new TypeError('Cannot use storage id: it must be 1 to 255 characters of [A-Za-z0-9_-]');
}
