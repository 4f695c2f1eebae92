/** Every text that the playground shows. */
export const words = {
  title: 'gql_server playground',
  loading: 'Reading the schema…',
  key: {
    heading: 'Enter an API key',
    explanation:
      'This server asks for an API key. The key stays in this tab and is sent only to this server.',
    label: 'API key',
    placeholder: 'gqls_…',
    submit: 'Open the playground',
    missing: 'No key yet? An administrator creates one with',
    command: 'gql-server keys create --user NAME --role ROLE',
  },
  hidden: {
    heading: 'This key cannot read the schema',
    explanation:
      'The server shows its schema to administrators only. You can still run operations, without ' +
      'documentation and completion. To show the schema to everyone, an administrator sets ' +
      'INTROSPECTION=true.',
    proceed: 'Continue without the schema',
    otherKey: 'Use another key',
  },
  unreachable: {
    heading: 'The server does not answer',
    explanation: 'Check that it is running and that you are connected to it.',
    retry: 'Try again',
  },
  serverSaid: 'The server answered:',
  operations: {
    title: 'Operations',
    filter: 'Filter operations',
    none: 'No operation matches.',
    hint: 'Choose an operation to open its example in a new tab.',
    kinds: { query: 'Queries', mutation: 'Mutations', subscription: 'Subscriptions' },
    opening: 'Looking for an ID…',
    filled: (ids: readonly string[]) => `Filled in from your data: ${ids.join(', ')}.`,
    nothingToUse: (nouns: readonly string[]) =>
      `You have no ${nouns.join(', no ')} yet. Create one first, or replace the placeholder.`,
  },
  files: {
    title: 'Files',
    remove: (names: string) => `Remove ${names}`,
  },
  answer: {
    progress: 'Progress of the batch',
    finished: (count: number) => (count === 1 ? '1 item ended' : `${count} items ended`),
    pictures: (count: number) => (count === 1 ? '1 picture' : `${count} pictures`),
    picture: (path: string) => `Picture at ${path}`,
  },
  documents: {
    hashes: 'Persisted documents are on: a document may be sent by its hash. Trusted documents are off: every document is run.',
    texts: 'Persisted and trusted documents are off: documents are sent as text, and every document is run.',
    trusted: 'Trusted documents are on: the server runs only the documents that its operator trusts.',
  },
  session: {
    title: 'API key',
    using: 'Requests from this tab are sent with the API key that you entered.',
    forget: 'Forget the key',
    none: 'This server does not ask for an API key.',
    headers: 'An Authorization header in the Headers editor takes precedence.',
  },
} as const;
