"""Turns services/ and shared/ into the ZIPs that Lambda runs, byte-identical for the same inputs on any machine.

sources -> which files belong to an artifact; dependencies -> the locked packages of a set, installed once and trimmed;
bytecode -> reproducible .pyc; archive -> the ZIP; builder -> what has to be built again, and the manifest.
"""
