"""`make bench`: every row of DESIGN's budgets, on a world of 192 countries × 5 rounds, beside its floor.

`__main__` starts the servers, measures row after row and prints the table. `load` is the load generator, a process of
its own. `inside` runs with the site's settings: who signs in, what a page asks of the database, what became of a save.
`browser` counts bytes and time in Debian's chromium.
"""
