"""What the page of an artifact is made of: one module for each of its tabs, and what stands over all of them."""
