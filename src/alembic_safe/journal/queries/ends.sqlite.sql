-- Where each run began and ended, in their order.
SELECT target, heads_before, heads_after FROM journal.run ORDER BY ordinal
