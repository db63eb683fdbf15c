"""Inventory: what is in stock, what orders have reserved of it, and who must know that it runs low."""
