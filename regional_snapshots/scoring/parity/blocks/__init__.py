"""The blocks of the document, each computed by a module of its own."""
