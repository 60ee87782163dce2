"""Values and Protocols that the rooms exchange: frozen, slotted dataclasses; no I/O, no logic beyond derivation."""
