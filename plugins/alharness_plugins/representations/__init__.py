"""Representations: images as features."""
