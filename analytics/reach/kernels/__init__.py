"""Compiled parts of reach: plain functions of arrays, typed by numba."""
