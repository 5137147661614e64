"""Measurements, apart from the tests: what they print is read by people."""
