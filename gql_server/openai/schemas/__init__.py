"""The types of requests and responses; the OpenAPI description is made of them."""
