"""How fast a file of deals becomes passages and credits, beside the fastest way into the tables."""
