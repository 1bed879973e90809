"""Why a region is what it is."""
