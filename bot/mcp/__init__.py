"""The read-only MCP server of ``aion mcp`` (https://modelcontextprotocol.io), over the official SDK."""
