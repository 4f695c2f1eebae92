"""From the parameters of a request to stored images, and from those to a response."""
