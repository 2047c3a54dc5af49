"""Fault tickets (故障单): how they come in, go on, and what customers hear of them."""
