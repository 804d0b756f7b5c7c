"""Datasets: images and their labels."""
