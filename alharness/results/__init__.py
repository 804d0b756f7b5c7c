"""Results: the document of what a bench found."""
