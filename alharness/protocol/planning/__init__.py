"""Planning: what comes next, and where every run stands."""
