"""Grades returned notebooks: `python -m fysstk_book.grade FOLDER -o table.csv`.

Each file holds one step. `intake` finds who returned what; `sandbox` shuts a notebook in, with `guard`,
`namespaces`, `landlock` and `linux` behind it; `worker` runs it with the help of `kernel` and `reading`;
`judge` gives the verdicts, by what `handover` carries over the `wire`; `session` grades one notebook and
`course` everybody; `journal` keeps, `table` writes, `points` and `report` sum up.
"""
