import { graphql, type ResultOf } from '../../api/graphql';

export const API_KEY = graphql(`
  fragment StudioApiKey on ApiKey {
    id
    name
    prefix
    userId
    role
    createdAt
    expiresAt
    revokedAt
    lastUsedAt
  }
`);
export type ApiKey = ResultOf<typeof API_KEY>;

export const API_KEYS = graphql(
  `
    query StudioApiKeys($after: String) {
      apiKeys(first: 50, after: $after) {
        edges {
          node {
            ...StudioApiKey
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [API_KEY],
);

export const CREATE_KEY = graphql(
  `
    mutation StudioCreateApiKey($input: CreateApiKeyInput!) {
      createApiKey(input: $input) {
        apiKey {
          ...StudioApiKey
        }
        secret
        userErrors {
          message
          code
          path
        }
      }
    }
  `,
  [API_KEY],
);

export const REVOKE_KEY = graphql(
  `
    mutation StudioRevokeApiKey($input: RevokeApiKeyInput!) {
      revokeApiKey(input: $input) {
        apiKey {
          ...StudioApiKey
        }
        userErrors {
          message
          code
          path
        }
      }
    }
  `,
  [API_KEY],
);
