// Removes credentials from foreign text before it enters a report, a message or a log line.
// Watchtower's errors quote URLs with passwords, registry tokens and even bot tokens.

const RULES: readonly (readonly [RegExp, string])[] = [
  // a Telegram bot token, also inside a URL: /bot123456:AAE…/sendMessage
  [/(?<!\d)\d{5,}(?::|%3A)[A-Za-z0-9_-]{20,}/gi, '[token]'],
  // user:password@ of a URL; a password may hold an @ of its own
  [/\/\/[^\s/"']+@/g, '//[credentials]@'],
  [/\b(Bearer|Basic) +[A-Za-z0-9._~+/=-]{8,}/gi, '$1 [token]'],
  // what GitHub, GitLab, Docker Hub and Slack prefix their tokens with, and a JSON web token
  [/(?<![\w-])(?:gh[oprsu]_|github_pat_|glpat-|dckr_(?:pat|oat)_|xox[abprs]-)[\w-]{16,}|(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g, '[token]'],
  // a signed address of a registry's storage, a webhook's
  [/([?&](?:sig|verify|X-Amz-(?:Signature|Credential))=)[^\s&"'\\]+/gi, '$1[removed]'],
  [/(\/(?:webhooks\/\d+|services\/T\w+\/B\w+)\/)[^\s/?"'\\]+/g, '$1[removed]'],
  // POSTGRES_PASSWORD=…, "identitytoken":"…", also as Go quotes it once more: \"…\"; but what follows
  // in `failed to fetch anonymous token: Get "https://…` is no token but a word
  [/(passw(?:or)?d|passphrase|secret|"auth(?=\\?"? ?:)|token(?!: [a-z]{1,15}[ :])|api[_-]?key|X-Registry-Auth)(\\?["']? ?[=:] ?)("[^"]*"|'[^']*'|\\?["']?[^\s"'&,;]+)/gi, '$1$2[removed]'],
]

/** The text with credentials replaced by a word in brackets. Linear: no pattern looks at a character again from another start. */
export function redact(text: string): string {
  return RULES.reduce((clean, [pattern, mark]) => clean.replace(pattern, mark), text)
}
