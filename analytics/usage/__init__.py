"""Use: who was seen acting on what, when last, and which access nobody was seen using."""
