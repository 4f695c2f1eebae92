"""What ``gql-server check`` looks at: settings, and everything that they name."""
