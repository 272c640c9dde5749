"""Commands that measure what the documents claim. Run them from the repository's root."""
