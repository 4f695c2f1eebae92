import { graphql, type ResultOf, type VariablesOf } from '../../api/graphql';

/** What a tile of the gallery shows. */
const TILE = graphql(`
  fragment Tile on Image @_unmask {
    id
    prompt
    placeholder
    createdAt
    isDeleted
    tags
    url(width: 400, format: WEBP)
  }
`);

export const IMAGES = graphql(
  `
    query StudioImages($first: Int!, $after: String, $filter: ImageFilter) {
      images(first: $first, after: $after, filter: $filter) {
        edges {
          node {
            ...Tile
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [TILE],
);

export const NEW_IMAGES = graphql(
  `
    subscription StudioNewImages($filter: ImageFilter, $after: ID) {
      imageCreated(filter: $filter, after: $after) {
        ...Tile
      }
    }
  `,
  [TILE],
);

export const COUNT = graphql(`
  query StudioImageCount($filter: ImageFilter) {
    images(first: 1, filter: $filter) {
      totalCount
    }
  }
`);

export const CHOICES = graphql(`
  query StudioFilterChoices {
    models {
      id
      name
    }
    templates(first: 100) {
      edges {
        node {
          id
          name
        }
      }
    }
  }
`);

export const FILES = graphql(`
  query StudioFiles($ids: [ID!]!) {
    nodes(ids: $ids) {
      __typename
      ... on Image {
        id
        r2Url
        contentType
      }
    }
  }
`);

export const DELETE = graphql(`
  mutation StudioDeleteImage($input: DeleteImageInput!) {
    deleteImage(input: $input) {
      image {
        id
        isDeleted
        deletedAt
      }
      userErrors {
        message
      }
    }
  }
`);

export const RESTORE = graphql(`
  mutation StudioRestoreImage($input: RestoreImageInput!) {
    restoreImage(input: $input) {
      image {
        id
        isDeleted
        deletedAt
      }
      userErrors {
        message
      }
    }
  }
`);

export const PURGE = graphql(`
  mutation StudioPurgeImage($input: PurgeImageInput!) {
    purgeImage(input: $input) {
      purgedId
      userErrors {
        message
      }
    }
  }
`);

export const SET_TAGS = graphql(`
  mutation StudioSetTags($input: UpdateImageInput!) {
    updateImage(input: $input) {
      image {
        id
        tags
      }
      userErrors {
        message
        code
        path
      }
    }
  }
`);

export type Tile = ResultOf<typeof TILE>;
export type ImageFilter = NonNullable<VariablesOf<typeof IMAGES>['filter']>;
