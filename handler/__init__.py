"""The Lambda: everything that ships in the image. It imports nothing from queryport/, the tool that compiles for it.

What flows from module to module is a NamedTuple; only what the tool shares is a dataclass, of which each costs half a
millisecond of every cold start.
"""
