import { graphql, type ResultOf, type VariablesOf } from '../../api/graphql';

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
    }
  }
`);

/** What a source image is known by: an upload, or an image that was made here. */
export const SOURCES = graphql(`
  query StudioSources($ids: [ID!]!) {
    nodes(ids: $ids) {
      __typename
      id
      ... on Image {
        prompt
        width
        height
        url(width: 400, format: WEBP)
        r2Url
        model {
          id
        }
        template {
          id
        }
        tags
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
      ... on SourceImage {
        width
        height
        thumbnail: url(width: 400, format: WEBP)
        original: url
      }
    }
  }
`);

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

export const UPLOAD = graphql(`
  mutation StudioUpload($input: UploadSourceImageInput!) {
    uploadSourceImage(input: $input) {
      sourceImage {
        id
        width
        height
        thumbnail: url(width: 400, format: WEBP)
        original: url
      }
      userErrors {
        message
        code
        path
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

export const GENERATE = graphql(`
  mutation StudioGenerate($input: GenerateImageInput!) {
    generateImage(input: $input) {
      image {
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
`);

type Choices = ResultOf<typeof CHOICES>;
export type Model = Choices['models'][number];
export type Template = Choices['templates']['edges'][number]['node'];
export type GenerateInput = VariablesOf<typeof GENERATE>['input'];
export type Generated = ResultOf<typeof GENERATE>['generateImage'];
export type MadeImage = NonNullable<Generated['image']>;
