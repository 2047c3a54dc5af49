"""The two doors: JSON for programs, pages for people. One of the two edges; FastAPI lives here."""
