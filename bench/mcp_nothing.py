# SPDX-License-Identifier: Apache-2.0
"""A server of the official Python SDK of MCP whose one tool does nothing: the bar for `mcp_calls.py`. Argument: "stdio", or a port of this
machine."""

import sys

from mcp.server.mcpserver import MCPServer

server = MCPServer("nothing", log_level="ERROR")


@server.tool()
async def nothing() -> str:
    return "4"


if sys.argv[1] == "stdio":
    server.run("stdio")
else:
    # Objects in place of streams: the faster of its two ways.
    server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]), json_response=True)
