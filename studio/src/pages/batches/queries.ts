import { graphql, type ResultOf } from '../../api/graphql';

/** A batch as lists and its own page show it. */
export const BATCH = graphql(`
  fragment StudioBatch on Batch {
    id
    name
    status
    priority
    total
    queued
    running
    succeeded
    failed
    canceled
    progress
    sequence
    cost
    estimatedCost
    estimatedFinishAt
    pausedReason
    resumesAt
    userId
    createdAt
    startedAt
    finishedAt
    images(first: 4, orderBy: OLDEST_FIRST) {
      edges {
        node {
          id
          prompt
          placeholder
          url(width: 160)
        }
      }
    }
  }
`);
export type Batch = ResultOf<typeof BATCH>;
export type BatchStatus = Batch['status'];

export const BATCHES = graphql(
  `
    query StudioBatches($after: String, $filter: BatchFilter) {
      batches(first: 20, after: $after, filter: $filter) {
        edges {
          node {
            ...StudioBatch
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [BATCH],
);

export const BATCH_PAGE = graphql(
  `
    query StudioBatchPage($id: ID!) {
      batch(id: $id) {
        ...StudioBatch
        retryOf {
          id
        }
        tags
        webhook {
          id
          url
          status
        }
      }
    }
  `,
  [BATCH],
);

export const ITEM = graphql(`
  fragment StudioBatchItem on BatchItem {
    id
    index
    prompt
    status
    attempts
    sequence
    error {
      message
      code
    }
    image {
      id
      cost
      placeholder
      url(width: 400)
    }
    warnings {
      message
    }
  }
`);
export type Item = ResultOf<typeof ITEM>;

export const ITEMS = graphql(
  `
    query StudioBatchItems($id: ID!, $after: String, $status: [BatchItemStatus!]) {
      batch(id: $id) {
        id
        items(first: 60, after: $after, status: $status) {
          edges {
            node {
              ...StudioBatchItem
            }
          }
          pageInfo {
            hasNextPage
            endCursor
          }
        }
      }
    }
  `,
  [ITEM],
);

/** Watches a batch in a list. */
export const BATCH_STATE = graphql(
  `
    subscription StudioBatchState($id: ID!, $after: Int!) {
      batchProgress(id: $id, after: $after) {
        sequence
        batch {
          ...StudioBatch
        }
      }
    }
  `,
  [BATCH],
);

/** Watches a batch with its items. */
export const BATCH_EVENTS = graphql(
  `
    subscription StudioBatchEvents($id: ID!, $after: Int!) {
      batchProgress(id: $id, after: $after) {
        sequence
        batch {
          ...StudioBatch
        }
        finishedItems {
          ...StudioBatchItem
        }
      }
    }
  `,
  [BATCH, ITEM],
);

export const CANCEL = graphql(
  `
    mutation StudioCancelBatch($input: CancelBatchInput!) {
      cancelBatch(input: $input) {
        batch {
          ...StudioBatch
        }
        userErrors {
          message
          code
          path
        }
      }
    }
  `,
  [BATCH],
);

export const RESUME = graphql(
  `
    mutation StudioResumeBatch($input: ResumeBatchInput!) {
      resumeBatch(input: $input) {
        batch {
          ...StudioBatch
        }
        userErrors {
          message
          code
          path
        }
      }
    }
  `,
  [BATCH],
);

export const RETRY = graphql(`
  mutation StudioRetryBatch($input: RetryBatchInput!) {
    retryBatch(input: $input) {
      batch {
        id
      }
      userErrors {
        message
        code
        path
      }
      warnings {
        message
      }
    }
  }
`);

export const GENERATE = graphql(`
  mutation StudioGenerateBatch($input: GenerateBatchInput!) {
    generateBatch(input: $input) {
      batch {
        id
      }
      userErrors {
        message
        code
        path
      }
      warnings {
        message
      }
    }
  }
`);

export const CHOICES = graphql(`
  query StudioBatchChoices {
    models {
      id
      name
      costPerImage
      isAvailable
      imageInputs {
        minimum
      }
      parameters {
        name
        type
        default
        minimum
        maximum
        multipleOf
        location
        choices
        description
      }
    }
    templates(first: 100) {
      edges {
        node {
          id
          name
          model {
            id
          }
        }
      }
    }
  }
`);

export const ESTIMATE = graphql(`
  query StudioBatchEstimate($input: CostEstimateInput!) {
    costEstimate(input: $input) {
      estimate {
        cost
        providerCost
      }
      userErrors {
        message
        code
        path
      }
    }
    viewer {
      budgets {
        id
        scope
        period
        enforcement
        limit
        spent
        reserved
        remaining
        resetsAt
      }
    }
  }
`);
