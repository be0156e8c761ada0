"""Lists that people browse: the address is the state, pages begin after a row, and one template shows them all."""
