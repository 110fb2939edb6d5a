"""What was learnt from the past of a process, kept, and used until it is learnt anew."""
