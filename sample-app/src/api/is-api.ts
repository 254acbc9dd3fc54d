/** Whether a request asks the API, and is answered with JSON; everything else is a page. */
export function isApi({ url }: { readonly url: string }): boolean {
  return /^\/api(?![^/?])/i.test(url);
}
