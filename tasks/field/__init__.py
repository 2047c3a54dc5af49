"""Who goes out, with what, and when: crews, bookings, visits (上门)."""
