"""The link: who may borrow which connection, one packed write, and what an ambiguous answer means."""
