"""The Lambda: everything that ships in the image. It imports nothing from queryport/, the tool that compiles for it."""
