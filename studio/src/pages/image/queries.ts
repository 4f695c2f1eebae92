import { graphql, type ResultOf } from '../../api/graphql';

export const IMAGE = graphql(`
  query StudioImage($id: ID!) {
    image(id: $id) {
      id
      prompt
      renderedPrompt
      placeholder
      width
      height
      contentType
      sizeBytes
      r2Url
      tags
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
      model {
        id
        name
        isAvailable
        imageInputs {
          maximum
        }
      }
      template {
        id
        name
      }
      batch {
        id
      }
      parameters {
        negativePrompt
        width
        height
        steps
        guidance
        seed
        strength
      }
    }
  }
`);

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
