"""The MCP server at /mcp: the use cases as tools, resources and prompts for AI agents."""
