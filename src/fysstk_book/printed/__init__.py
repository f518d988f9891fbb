"""Reads a printed formula, from its LaTeX to its value: what a test proves is what the page prints."""
