"""Pictures, drawn as SVG: a region over time, the world as a table, the world as a map."""
