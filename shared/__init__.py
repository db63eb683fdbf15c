"""The library that every service imports; each module says what importing it pulls in."""
