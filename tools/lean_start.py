"""Imported before nbformat: jsonschema then does without grammars of internet addresses.

No notebook has such an address, and to build the grammars takes over a second, in every program. For those of
others, `python tools/lean_start.py MODULE ...` does what `python -m MODULE ...` would.
"""

import runpy
import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

if __name__ == "__main__":
    del sys.path[0], sys.argv[0]  # what belongs to this file
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
