"""What others are told of, from the change it belongs to until it is forgotten."""
