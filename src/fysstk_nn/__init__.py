"""Neural networks written as the lecture's algebra: small pieces, imported from their modules."""
