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

export const BATCH_WEBHOOKS = graphql(
  `
    query StudioBatchWebhooks {
      batches(first: 50, filter: { status: [SUCCEEDED, PARTIALLY_FAILED, FAILED, CANCELED] }) {
        edges {
          node {
            id
            webhook {
              ...StudioWebhook
            }
          }
        }
      }
      viewer {
        webhookSecrets
      }
    }
  `,
  [WEBHOOK],
);

export const BUDGET_WEBHOOKS = graphql(
  `
    query StudioBudgetWebhooks {
      budgets(limit: 200) {
        id
        webhooks {
          ...StudioWebhook
        }
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
