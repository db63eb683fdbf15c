"""The benchmark behind `make bench`: cold start, import time, warm overhead and packaging, each against its budget."""
