"""Values and Protocols that the rooms exchange: frozen, slotted dataclasses; no I/O, logic only to derive."""
