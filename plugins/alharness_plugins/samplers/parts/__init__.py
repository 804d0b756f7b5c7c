"""What several samplers are made of: packages that are no plugins themselves."""
