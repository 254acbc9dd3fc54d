const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Whether a text may name a cookie, a header field or a scheme. @see RFC 9110, section 5.6.2 (token) */
export function isHttpToken(text: string): boolean {
  return TOKEN.test(text);
}
