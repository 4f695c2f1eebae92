"""``gql-server batch``: a batch, from its prompts to saved images."""
