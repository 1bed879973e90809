"""What comes from files and not from Redis: sample feeds, feeds to compute from, pages that come with the package."""
