import { graphql, type ResultOf } from '../../api/graphql';

export const WEBHOOK = graphql(`
  fragment StudioWebhook on Webhook {
    id
    url
    eventType
    subjectId
    status
    nextDeliveryAt
    deliveredAt
    createdAt
  }
`);
export type Webhook = ResultOf<typeof WEBHOOK>;

export const WEBHOOKS = graphql(
  `
    query StudioWebhooks($after: String, $filter: WebhookFilter) {
      webhooks(first: 20, after: $after, filter: $filter) {
        edges {
          node {
            ...StudioWebhook
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
      viewer {
        webhookSecrets
      }
    }
  `,
  [WEBHOOK],
);

/** Attempts are fetched on demand: a list of lists of them would cost too much. */
export const DELIVERIES = graphql(`
  query StudioWebhookDeliveries($id: ID!) {
    node(id: $id) {
      __typename
      id
      ... on Webhook {
        deliveries {
          startedAt
          statusCode
          durationMs
          error
        }
      }
    }
  }
`);

export const REDELIVER = graphql(
  `
    mutation StudioRedeliverWebhook($input: RedeliverWebhookInput!) {
      redeliverWebhook(input: $input) {
        webhook {
          ...StudioWebhook
        }
        userErrors {
          message
          code
          path
        }
      }
    }
  `,
  [WEBHOOK],
);
