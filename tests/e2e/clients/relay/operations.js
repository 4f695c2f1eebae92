import { graphql } from 'relay-runtime';

export const page = graphql`
  query operationsPageQuery($count: Int!, $cursor: String) {
    ...operationsImages_query
  }
`;

export const images = graphql`
  fragment operationsImages_query on Query @refetchable(queryName: "operationsMoreQuery") {
    images(first: $count, after: $cursor) @connection(key: "operations_images") {
      edges {
        node {
          id
          prompt
        }
      }
    }
  }
`;

export const node = graphql`
  query operationsNodeQuery($id: ID!) {
    node(id: $id) {
      __typename
      ...operationsImage_image @alias
    }
  }
`;

export const image = graphql`
  fragment operationsImage_image on Image @refetchable(queryName: "operationsImageQuery") {
    prompt
    template {
      id
    }
  }
`;
