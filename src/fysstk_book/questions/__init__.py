"""Questions that a page answers at once: self-checks with numbers, and questions of understanding."""
