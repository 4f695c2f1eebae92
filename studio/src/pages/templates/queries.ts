import { graphql, type ResultOf } from '../../api/graphql';

/** The settings that a template has. */
export const TEMPLATE_SETTINGS = graphql(`
  fragment TemplateSettings on TemplateParameters @_unmask {
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
`);

export const TEMPLATE = graphql(`
  fragment StudioTemplate on Template {
    id
    name
    description
    defaultPrompt
    userId
    updatedAt
    model {
      id
      name
    }
    parameters {
      ...TemplateSettings
    }
    images(first: 3) {
      edges {
        node {
          id
          prompt
          placeholder
          url(width: 400)
        }
      }
    }
  }
`, [TEMPLATE_SETTINGS]);
export type Template = ResultOf<typeof TEMPLATE>;

export const TEMPLATES = graphql(
  `
    query StudioTemplates($after: String) {
      templates(first: 30, after: $after) {
        edges {
          node {
            ...StudioTemplate
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [TEMPLATE],
);

export const TEMPLATE_MODELS = graphql(`
  query StudioTemplateModels {
    models {
      id
      name
      costPerImage
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
  }
`);

export const CREATE_TEMPLATE = graphql(
  `
    mutation StudioCreateTemplate($input: CreateTemplateInput!) {
      createTemplate(input: $input) {
        template {
          ...StudioTemplate
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
  `,
  [TEMPLATE],
);

export const UPDATE_TEMPLATE = graphql(
  `
    mutation StudioUpdateTemplate($input: UpdateTemplateInput!) {
      updateTemplate(input: $input) {
        template {
          ...StudioTemplate
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
  `,
  [TEMPLATE],
);

export const DELETE_TEMPLATE = graphql(`
  mutation StudioDeleteTemplate($input: DeleteTemplateInput!) {
    deleteTemplate(input: $input) {
      deletedId
      userErrors {
        message
        code
        path
      }
    }
  }
`);
