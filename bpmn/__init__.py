"""The diagrams, and what runs them: the wall round the engine, runs, the library, the checks."""
