"""The last that a warm Python loads: what is there stays, and is not looked through for garbage again."""

import gc

from fysstk_book.printed import parse

parse("x")  # makes the parser
gc.freeze()
