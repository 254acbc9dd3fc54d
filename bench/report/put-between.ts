import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Puts text into a Markdown file, in the place of what stands between `<!-- name -->` and `<!-- /name -->`.
 *
 * @throws {Error} when the file has no such place
 */
export function putBetween(path: string, name: string, text: string): void {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const before = readFileSync(path, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`Cannot write ${name}: ${path} has no ${begin} and ${end}`);
  writeFileSync(path, `${before.slice(0, from + begin.length)}\n\n${text}\n\n${before.slice(to)}`);
}
