"""`make tune`: one function at several memory sizes: how fast, how dear, and which to take."""
