"""Puts the numbers of the book's equations, and what was measured, into the wheel."""

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BookNumbers(BuildHookInterface[Any]):
    """Adds what `fysstk_book.numbers` and `measured` read; an editable install reads the sources instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add them to what goes into the wheel."""
        root = Path(self.root)
        if version == "editable" or not (root / "_toc.yml").is_file():
            return
        sys.path.insert(0, str(root / "src"))
        from fysstk_book import numbers

        build_data["force_include"][str(root / "book" / "measured")] = "fysstk_book/measured"
        self.folder = tempfile.TemporaryDirectory()
        table = Path(self.folder.name) / numbers.TABLE
        table.write_text(json.dumps(asdict(numbers.read_book(root)), indent=1), "utf-8")
        build_data["force_include"][str(table)] = f"fysstk_book/{numbers.TABLE}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the table that was written for the wheel."""
        if hasattr(self, "folder"):
            self.folder.cleanup()
