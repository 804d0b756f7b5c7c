"""Tables as data: what stands in them, apart from how it is written."""
