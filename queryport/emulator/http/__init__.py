"""How the emulator is reached: HTTP, signatures, the five operations, its own endpoints."""
