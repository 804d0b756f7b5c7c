"""Sessions: a bench opened in a workspace; what the command line and notebooks use."""
