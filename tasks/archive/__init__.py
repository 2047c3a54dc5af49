"""What we know of customers and their inventory, how right it is, and files in and out."""
