"""Single connections: what a URL asks for, how one is opened and checked, who has it, and which node it leads to."""
