"""Samplers: which pieces make up a training batch."""
