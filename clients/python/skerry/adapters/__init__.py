# SPDX-License-Identifier: Apache-2.0
"""Agent frameworks that run code with Skerry. Each module needs its framework, and is imported by name: `skerry.adapters.smolagents`."""
