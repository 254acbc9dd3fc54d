/** Makes the string that travels safe to hand out, and takes it back. */
export interface SessionTransformer {
  /** Seals a string for the way out. */
  seal(text: string): string;
  /**
   * Opens what a client sent.
   *
   * @returns the string that was sealed; `undefined` for anything that `seal()` did not make, whatever is wrong with it
   */
  open(text: string): string | undefined;
}
