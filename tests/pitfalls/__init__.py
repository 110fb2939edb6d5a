"""What people complain of in other systems, and traps seen in their code: each one a test."""
