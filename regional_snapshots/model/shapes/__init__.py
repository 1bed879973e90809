"""One adapter per feed: a published document in, typed rows out, with an account of what was used and what was not."""
