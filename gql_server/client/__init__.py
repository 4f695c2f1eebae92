"""Talks to a running server as any client does: a batch, from its prompts to saved images."""
