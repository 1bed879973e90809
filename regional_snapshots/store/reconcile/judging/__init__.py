"""From what was read to what is wrong and how it is repaired: pure, no connection, no clock."""
