"""The book's apparatus: exercises and their checker, the grader, figures, and the numbers of equations.

It imports `fysstk_nn`, the lecture's algebra; never the other way round.
"""
