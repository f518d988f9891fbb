"""Puts the numbers of the book's equations into the wheel, where the book's sources are not at hand."""

import importlib.util
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BookNumbers(BuildHookInterface[Any]):
    """Writes the table that `fysstk_nn._book` reads; an editable install reads the sources instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the table to what goes into the wheel."""
        root = Path(self.root)
        if version == "editable" or not (root / "_toc.yml").is_file():
            return
        spec = importlib.util.spec_from_file_location("_book", root / "src" / "fysstk_nn" / "_book.py")
        if spec is None or spec.loader is None:
            raise RuntimeError("src/fysstk_nn/_book.py cannot be read")
        module = importlib.util.module_from_spec(spec)
        sys.modules["_book"] = module  # a dataclass looks up the module that it stands in
        spec.loader.exec_module(module)
        self.folder = tempfile.TemporaryDirectory()
        table = Path(self.folder.name) / module.TABLE
        table.write_text(json.dumps(asdict(module.read_book(root)), indent=1), "utf-8")
        build_data["force_include"][str(table)] = f"fysstk_nn/{module.TABLE}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the table that was written for the wheel."""
        if hasattr(self, "folder"):
            self.folder.cleanup()
