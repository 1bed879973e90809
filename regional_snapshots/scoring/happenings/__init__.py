"""What happened between a snapshot and the one before: the facts, told apart from what only looks like one.

A change that goes with a feed that was lost or came back is the loss, and nothing else.
"""
