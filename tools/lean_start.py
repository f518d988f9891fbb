"""Imported before nbformat: jsonschema then does without grammars of internet addresses.

No notebook has such an address, and to build the grammars takes over a second, in every program.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
