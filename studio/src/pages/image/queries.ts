import { graphql, type ResultOf } from '../../api/graphql';
import { NEW_IMAGE, REQUESTED } from '../make/queries';

export const IMAGE = graphql(
  `
    query StudioImage($id: ID!) {
      image(id: $id) {
        ...Requested
        renderedPrompt
        placeholder
        width
        height
        contentType
        sizeBytes
        r2Url
        metadata
        cost
        providerCost
        neurons
        seconds
        isPreview
        userId
        createdAt
        isDeleted
        deletedAt
        missingSince
        requestKind
        templateVersion
        template {
          version
        }
        batch {
          id
        }
      }
    }
  `,
  [REQUESTED],
);

/** What was made from an image. */
export const DERIVED = graphql(`
  query StudioDerivedImages($id: ID!, $first: Int!) {
    image(id: $id) {
      id
      derived(first: $first) {
        totalCount
        edges {
          node {
            id
            prompt
            placeholder
            url(width: 400, format: WEBP)
          }
        }
      }
    }
  }
`);

export const REMAKE = graphql(`
  mutation StudioRemakeImage($input: RemakeImageInput!) {
    remakeImage(input: $input) {
      image {
        ...NewImage
      }
      # Not by a fragment: without the schema, the cache does not know the types of an interface.
      userErrors {
        __typename
        message
        code
        path
        ... on GenerationFailed {
          retryable
        }
      }
      warnings {
        __typename
        message
      }
    }
  }
`, [NEW_IMAGE]);

/** Finds the cursor of an image among those of the same millisecond. */
export const CURSOR = graphql(`
  query StudioImageCursor($filter: ImageFilter!) {
    images(first: 100, filter: $filter) {
      edges {
        cursor
        node {
          id
        }
      }
    }
  }
`);

export const NEIGHBOURS = graphql(`
  query StudioImageNeighbours($cursor: String!, $filter: ImageFilter!) {
    newer: images(last: 1, before: $cursor, filter: $filter) {
      edges {
        node {
          id
          r2Url
        }
      }
    }
    older: images(first: 1, after: $cursor, filter: $filter) {
      edges {
        node {
          id
          r2Url
        }
      }
    }
  }
`);

export const UPDATE = graphql(`
  mutation StudioUpdateImage($input: UpdateImageInput!) {
    updateImage(input: $input) {
      image {
        id
        tags
        metadata
      }
      userErrors {
        message
        code
        path
      }
    }
  }
`);

export type StudioImage = NonNullable<ResultOf<typeof IMAGE>['image']>;
