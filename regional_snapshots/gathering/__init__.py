"""What people are told, gathered from the store: stories, weeks, the feeds at this moment, the page."""
