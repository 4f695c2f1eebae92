/** What the server's page says about the server. */
export interface PlaygroundServerInfo {
  /** Whether a document may be sent by its hash. */
  takesHashes: boolean;
  /** Whether only documents are run that the operator trusts. */
  onlyTrusted: boolean;
  /** Where images come from that the server does not serve itself. */
  imageOrigins: readonly string[];
}

/** Reads what the server says of itself; null where the page has none, as in development. */
export function readServerInfo(): PlaygroundServerInfo | null {
  const content = document.querySelector<HTMLMetaElement>('meta[name="gql-server-info"]')?.content;
  return content ? (JSON.parse(content) as PlaygroundServerInfo) : null;
}
