"""What calls of a revision that did not run would send: its own expressions, compiled with the rows' values left open.

See docs/adr/0011-calls-that-rows-would-reach.md.
"""
