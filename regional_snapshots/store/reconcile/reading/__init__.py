"""What reconciliation reads: a survey of every region, an exact examination of what is suspect, a sweep of all keys."""
