import { graphql, type ResultOf, type VariablesOf } from '../../api/graphql';
import { TEMPLATE_SETTINGS } from '../templates/queries';

export const CHOICES = graphql(`
  query StudioMakeChoices {
    models {
      id
      name
      description
      speed
      quality
      costPerImage
      isRecommended
      isBeta
      isAvailable
      maxPromptLength
      typicalSeconds {
        minimum
        maximum
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
      imageInputs {
        minimum
        maximum
        takesMask
        needsMask
      }
    }
    templates(first: 100) {
      edges {
        node {
          id
          name
          description
          model {
            id
          }
          parameters {
            ...TemplateSettings
          }
        }
      }
    }
  }
`, [TEMPLATE_SETTINGS]);

/** What a source image is known by: an image that was made here. */
export const SOURCE_OF_IMAGE = graphql(`
  fragment SourceOfImage on Image @_unmask {
    id
    prompt
    width
    height
    isDeleted
    url(width: 400, format: WEBP)
    r2Url
  }
`);

/** What a source image is known by: an upload. */
export const SOURCE_OF_UPLOAD = graphql(`
  fragment SourceOfUpload on SourceImage @_unmask {
    id
    width
    height
    thumbnail: url(width: 400, format: WEBP)
    original: url
  }
`);

/** The settings that an image was requested with. */
export const REQUESTED = graphql(`
  fragment Requested on Image @_unmask {
    id
    prompt
    tags
    model {
      id
      name
    }
    template {
      id
      name
    }
    parameters {
      negativePrompt
      width
      height
      steps
      guidance
      seed
      strength
      aspectRatio
      quality
      background
      outputFormat
      parameters
    }
    sources {
      __typename
      ...SourceOfImage
      ...SourceOfUpload
    }
    mask {
      __typename
      ...SourceOfImage
      ...SourceOfUpload
    }
  }
`, [SOURCE_OF_IMAGE, SOURCE_OF_UPLOAD]);

/** A request to start from, and the image or upload to use as a source. */
export const STARTING_POINTS = graphql(`
  query StudioStartingPoints($ids: [ID!]!) {
    nodes(ids: $ids) {
      __typename
      id
      ...Requested
      ...SourceOfImage
      ...SourceOfUpload
    }
  }
`, [REQUESTED, SOURCE_OF_IMAGE, SOURCE_OF_UPLOAD]);

export const RECENT = graphql(`
  query StudioRecentSources {
    images(first: 40) {
      edges {
        node {
          id
          prompt
          width
          height
          url(width: 400, format: WEBP)
          r2Url
        }
      }
    }
    sourceImages(first: 20) {
      edges {
        node {
          id
          width
          height
          thumbnail: url(width: 400, format: WEBP)
          original: url
        }
      }
    }
  }
`);

export const ESTIMATE = graphql(`
  query StudioEstimate($input: CostEstimateInput!) {
    costEstimate(input: $input) {
      estimate {
        cost
      }
      userErrors {
        message
        code
        path
      }
    }
  }
`);

/** A new image, and the errors in place of it. */
export const NEW_IMAGE = graphql(`
  fragment NewImage on Image @_unmask {
    id
    prompt
    placeholder
    width
    height
    r2Url
    cost
    seconds
    isPreview
  }
`);

export const GENERATE = graphql(`
  mutation StudioGenerate($input: GenerateImageInput!) {
    generateImage(input: $input) {
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

type Choices = ResultOf<typeof CHOICES>;
export type Model = Choices['models'][number];
export type Template = Choices['templates']['edges'][number]['node'];
export type GenerateInput = VariablesOf<typeof GENERATE>['input'];
export type EstimateInput = VariablesOf<typeof ESTIMATE>['input'];
export type Generated = ResultOf<typeof GENERATE>['generateImage'];
export type Requested = ResultOf<typeof REQUESTED>;
export type StartingPoint = NonNullable<ResultOf<typeof STARTING_POINTS>['nodes'][number]>;
export type MadeImage = NonNullable<Generated['image']>;
