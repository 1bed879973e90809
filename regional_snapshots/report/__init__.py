"""What people look at: what matters now, why, pictures, the page. Pure functions of documents, series rows, events."""
