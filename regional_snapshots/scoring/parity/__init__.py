"""The parity method: what the former script computes, number by number. Source: the pipeline specification."""
