"""The ledger of movement: how it is posted, read, folded, and checked against what it sums up."""
