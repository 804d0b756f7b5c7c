"""The networks behind the model plugins; imported only when a model is built."""
