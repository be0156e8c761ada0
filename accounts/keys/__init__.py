"""Keys of robots and people: their secrets, what they are for, how long they live, and where they may be used."""
