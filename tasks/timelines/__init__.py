"""Where the time of tickets went, and what that says of the next: segments, hand-offs, risks."""
