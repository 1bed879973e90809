"""What the commands share: how one is made and ends, and the kinds of its arguments."""
