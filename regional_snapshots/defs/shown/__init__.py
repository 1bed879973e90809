"""What a person sees of a run: metadata, in words and with units."""
